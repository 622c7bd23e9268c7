/** One thing that was looked at. */
export interface Finding {
  check: string;
  ok: boolean;
  /** It works, and somebody should look at it. */
  warning?: boolean;
  detail: string;
}

export const well = (check: string, detail: string): Finding => ({ check, ok: true, detail });
export const warning = (check: string, detail: string): Finding => ({ check, ok: true, warning: true, detail });
export const problem = (check: string, detail: string): Finding => ({ check, ok: false, detail });

/** Clocks further apart than this are worth a warning: times that people see come from several of them. */
export const SKEW_MS = 1_000;
/** Committed events normally wait for milliseconds. */
export const LAG_SECONDS = 10;

export const skewFinding = (whose: string, milliseconds: number): Finding => {
  const told = `${(milliseconds / 1_000).toFixed(3)} s ${milliseconds < 0 ? 'behind' : 'ahead of'} this machine`.replace('-', '');
  return Math.abs(milliseconds) > SKEW_MS ? warning(`clock of ${whose}`, `${told}: have both keep time by NTP`) : well(`clock of ${whose}`, told);
};

/** Runs a check; what it throws is its finding. */
export async function found(check: string, work: () => Promise<Finding | Finding[]>): Promise<Finding[]> {
  try {
    const answer = await work();
    return Array.isArray(answer) ? answer : [answer];
  } catch (error) {
    return [problem(check, error instanceof Error ? error.message : String(error))];
  }
}
