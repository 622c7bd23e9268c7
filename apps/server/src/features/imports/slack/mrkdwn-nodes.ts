/** Slack text as a small tree: what the parser makes and the CommonMark writer reads. */
export type Inline =
  | { type: 'text'; text: string }
  /** Is CommonMark already, such as `<@ID>`. */
  | { type: 'raw'; markup: string }
  | { type: 'link'; url: string; label: string }
  | { type: 'code'; text: string }
  | { type: 'strong' | 'em' | 'strike'; children: Inline[] };

export type Block =
  | { type: 'lines'; quote: boolean; lines: Inline[][] }
  | { type: 'pre'; quote: boolean; text: string };

/** What Slack's ids became here; null: nothing, so that the text shows a name instead. */
export interface References {
  user(id: string): string | null;
  channel(id: string): string | null;
}

/** What a text refers to. */
export interface Found {
  users: Set<string>;
  everyone: 'none' | 'channel' | 'here';
  /** References that could not be resolved, as they stood in the text. */
  unknown: Set<string>;
}
