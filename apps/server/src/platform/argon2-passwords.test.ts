import { describe, expect, it } from 'vitest';
import { argon2Passwords } from './argon2-passwords.ts';

describe('argon2Passwords', () => {
  it('hashes with argon2id and a salt of its own, and verifies', async () => {
    const passwords = argon2Passwords();
    const [a, b] = await Promise.all([passwords.hash('open sesame'), passwords.hash('open sesame')]);
    expect(a).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(a).not.toBe(b);
    expect(await passwords.verify(a, 'open sesame')).toBe(true);
    expect(await passwords.verify(a, 'open barley')).toBe(false);
  });

  it('never lets anybody in without a hash, the decoy\'s own password included', async () => {
    expect(await argon2Passwords().verify(null, 'nobody has this password')).toBe(false);
  });

  it('refuses what would wait too long', async () => {
    const passwords = argon2Passwords();
    const tries = await Promise.allSettled(Array.from({ length: 210 }, () => passwords.verify('$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$WwLwOzfRKXkpqtLsMZlUB+lxVnxJh3zPTk3IUJlDd4Y', 'x')));
    expect(tries.filter((t) => t.status === 'rejected')).toHaveLength(8);
  }, 60_000);
});
