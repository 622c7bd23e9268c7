/** Version of the wire. Raised with every change of a schema; see `docs/protocol.md` for its history. */
export const PROTOCOL_VERSION = 5;
/** The oldest client version that the server still talks to. */
export const OLDEST_CLIENT_VERSION = 1;
/** Path prefix of all calls. */
export const API_PREFIX = '/api/v1';
