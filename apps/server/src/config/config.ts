/** Settings after parsing the environment (DESIGN section 8). */
export interface Config {
  host: string;
  port: number;
  /** Origins that cookies are honoured from, with `PARLEY_URL` first. */
  origins: readonly string[];
  url: string;
  dataDirectory: string;
  trustedProxies: readonly string[];
  roles: ReadonlySet<'api' | 'gateway' | 'dispatcher' | 'worker'>;
  rateLimits: boolean;
  /** Channels with more members are large. */
  largeChannel: number;
  /** What `/set_up` asks for unless the server is bound to loopback. */
  setUpCode: string | null;
  metricsToken: string | null;
  /** What outgoing requests may reach though it is not public (`egress/allow-list.ts`). */
  egressAllow: readonly string[];
}
