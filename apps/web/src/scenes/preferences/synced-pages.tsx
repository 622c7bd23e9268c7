import { updateWorkspace } from '@parley/shared/protocol/calls/accounts';
import { useText } from '../../i18n/text.tsx';
import { DEFAULT_PREFERENCES, type ChatPreferences } from '../../features/message-text/chat-context.tsx';
import { useEngine, usePreferences, useWorkspaces } from '../../state/engine.tsx';
import { useMay } from '../../state/permission.ts';
import { usePlace } from '../../state/place.tsx';
import { useCall } from '../../state/use-call.ts';
import { Banner } from '../../ui/banner.tsx';
import { chosenPreferences, preferenceCall, type SyncedPreference } from '../../features/message-text/synced-preferences.ts';
import { Select, Switch } from '../../ui/choice.tsx';

type Remember = (undo: () => void) => void;

/** The person's synced preferences and how one is changed; `remember` is told how to take a change back. */
function useSynced(remember: Remember) {
  const engine = useEngine();
  const values = { ...DEFAULT_PREFERENCES, ...chosenPreferences(usePreferences()) };
  const put = <K extends SyncedPreference>(name: K, value: ChatPreferences[K]): void => {
    const call = preferenceCall(name, value);
    void engine.setPreference(call.key, call.value);
  };
  const set = <K extends SyncedPreference>(name: K, value: ChatPreferences[K]): void => {
    const before = values[name];
    put(name, value);
    remember(() => put(name, before));
  };
  return { values, set };
}

export function MessagesPage({ remember }: { remember: Remember }) {
  const t = useText();
  const { values, set } = useSynced(remember);
  return (
    <>
      <Switch label={t('preferences.enter_sends')} hint={t('preferences.enter_sends_hint')} checked={values.enterSends} onChange={(value) => set('enterSends', value)} />
      <Switch label={t('preferences.plain_composer')} checked={values.plainComposer} onChange={(value) => set('plainComposer', value)} />
      <Switch label={t('preferences.toolbar')} checked={values.toolbar} onChange={(value) => set('toolbar', value)} />
      <Select label={t('preferences.undo_send')} hint={t('preferences.undo_send_hint')} value={String(values.undoSend)} options={(['0', '5', '10', '30'] as const).map((value) => ({ value, label: value === '0' ? t('preferences.undo_send_off') : t('preferences.undo_send_for', { n: Number(value) }) }))} onChange={(value) => set('undoSend', Number(value) as ChatPreferences['undoSend'])} />
      <Select label={t('preferences.joins')} value={values.joins} options={(['folded', 'hidden'] as const).map((value) => ({ value, label: t(`preferences.joins_${value}`) }))} onChange={(value) => set('joins', value)} />
      <Select label={t('preferences.link_cards')} value={values.linkCards} options={(['shown', 'collapsed', 'hidden'] as const).map((value) => ({ value, label: t(`preferences.link_cards_${value}`) }))} onChange={(value) => set('linkCards', value)} />
      <WorkspaceCards />
      <Switch label={t('preferences.show_typing')} checked={values.showTyping} onChange={(value) => set('showTyping', value)} />
      <Switch label={t('preferences.send_typing')} checked={values.sendTyping} onChange={(value) => set('sendTyping', value)} />
    </>
  );
}

/** For who may change the workspace: whether it has cards at all. */
function WorkspaceCards() {
  const t = useText();
  const { workspaceId } = usePlace();
  const may = useMay(workspaceId, null);
  const workspace = useWorkspaces().find((one) => one.id === workspaceId);
  const update = useCall(updateWorkspace);
  if (!workspace || !may('workspace.settings')) return null;
  return (
    <>
      <Switch label={t('preferences.workspace_cards')} hint={t('preferences.workspace_cards_hint')} checked={workspace.settings['link_cards'] !== false} onChange={(link_cards) => void update.run({ workspace_id: workspace.id, link_cards })} />
      {update.error !== null && <Banner tone="danger">{update.error}</Banner>}
    </>
  );
}

export function ReadingPage({ remember }: { remember: Remember }) {
  const t = useText();
  const { values, set } = useSynced(remember);
  return (
    <>
      <Select label={t('preferences.open_at')} value={values.openAt} options={(['left', 'newest'] as const).map((value) => ({ value, label: t(`preferences.open_at_${value}`) }))} onChange={(value) => set('openAt', value)} />
      <Select label={t('preferences.mark_read')} value={values.markRead} options={(['scroll', 'open', 'never'] as const).map((value) => ({ value, label: t(`preferences.mark_read_${value}`) }))} onChange={(value) => set('markRead', value)} />
      <Switch label={t('preferences.esc_marks_read')} checked={values.escMarksRead} onChange={(value) => set('escMarksRead', value)} />
    </>
  );
}
