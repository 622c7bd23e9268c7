export type EgressFault =
  /** Not http or https, with a user name or password in it, a port of another service, or a redirect from https to http. */
  | 'refused_url'
  /** The name leads to an address that is not public and not on the allow list. */
  | 'refused_address'
  | 'unresolved'
  | 'too_many_redirects'
  | 'too_large'
  /** The answer came compressed though none was asked for; it is not unpacked, since its size is unknown. */
  | 'encoded'
  | 'timed_out'
  | 'network';

/** Why an outgoing request has no answer. */
export class EgressError extends Error {
  /** @param reached whether the other side may have had the request: false says for certain that it had not. */
  constructor(readonly code: EgressFault, readonly reached: boolean, options?: ErrorOptions) {
    super(code, options);
  }
}
