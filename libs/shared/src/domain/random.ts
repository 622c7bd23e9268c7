/** Randomness as a port: cryptographic in production, seeded in simulations. */
export interface Random {
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
}

/** A uniform number in [0, 1) with 32 bits of the given source. */
export function fraction(random: Random): number {
  const b = random.bytes(4);
  return (((b[0]! << 24) | (b[1]! << 16) | (b[2]! << 8) | b[3]!) >>> 0) / 2 ** 32;
}
