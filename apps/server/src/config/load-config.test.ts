import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from './load-config.ts';

describe('loadConfig', () => {
  it('has the documented defaults', () => {
    const config = loadConfig({ PARLEY_HOST: '' });
    expect(config).toMatchObject({ host: '127.0.0.1', port: 3210, url: 'http://localhost:3210', origins: ['http://localhost:3210', 'http://127.0.0.1:3210'], rateLimits: true, largeChannel: 1000, trustedProxies: [] });
    expect(config.dataDirectory).toBe(`${process.cwd()}/data`);
    expect(config).toMatchObject({ fileBytes: 1_073_741_824, fileQuotaBytes: 21_474_836_480 });
    expect(loadConfig({ PARLEY_FILE_MEGABYTES: '5', PARLEY_FILE_QUOTA_MEGABYTES: '7' })).toMatchObject({ fileBytes: 5_242_880, fileQuotaBytes: 7_340_032 });
    expect(() => loadConfig({ PARLEY_FILE_MEGABYTES: '0' })).toThrow('PARLEY_FILE_MEGABYTES');
  });

  it('lists every problem at once', () => {
    const bad = {
      PARLEY_HOST: 'example.org', PARLEY_PORT: '70000', PARLEY_URL: 'https://x.org/path', PARLEY_TRUSTED_PROXIES: '10.0.0.0/99', PARLEY_MONGODB_URL: 'x', PARLEY_REDIS_URL: 'x',
      PARLEY_ROLES: 'api,king', PARLEY_FILES: 'ftp://b', PARLEY_SMTP_URL: 'mail', PARLEY_RATE_LIMITS: 'no', PARLEY_LARGE_CHANNEL: 'many', PARLEY_METRICS_TOKEN: 'short', PARLEY_SERVER_KEY: 'short', PARLEY_SET_UP_CODE: 'short', PARLEY_LOG_LEVEL: 'loud', PARLEY_EGRESS_ALLOW: 'wiki.intra',
      PARLEY_MAIL_FROM: 'nobody', PARLEY_PUSH_CONTACT: 'ben', PARLEY_FCM_CREDENTIALS: '/nowhere.json', PARLEY_APNS_KEY: '/nowhere.p8', PARLEY_APNS_KEY_ID: '-', PARLEY_APNS_TEAM_ID: '-', PARLEY_APNS_TOPIC: '/', PARLEY_APNS_SANDBOX: 'maybe',
    };
    let error: unknown;
    try {
      loadConfig(bad);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).problems.map((p) => p.name).sort()).toEqual(Object.keys(bad).sort());
  });

  it('does not repeat what may hold a password', () => {
    expect(() => loadConfig({ PARLEY_MONGODB_URL: 'mongo://me:hunter2@db', PARLEY_SERVER_KEY: 'hunter2' })).toThrow(/^(?![\s\S]*hunter2)PARLEY_MONGODB_URL: mongodb/);
  });

  it('takes a key and a set-up code that all processes share', () => {
    const key = Buffer.alloc(32, 7);
    expect(loadConfig({ PARLEY_SERVER_KEY: key.toString('base64'), PARLEY_SET_UP_CODE: 'a-code-for-all' }, { setUpCode: 'made' })).toMatchObject({ serverKey: key, setUpCode: 'a-code-for-all' });
    expect(loadConfig({}, { setUpCode: 'made' })).toMatchObject({ serverKey: null, setUpCode: 'made' });
  });

  it('takes several processes with MongoDB and Redis, and says what each needs', () => {
    const both = { PARLEY_MONGODB_URL: 'mongodb://127.0.0.1/parley', PARLEY_REDIS_URL: 'redis://127.0.0.1' };
    expect(loadConfig({ ...both, PARLEY_ROLES: 'api, gateway' })).toMatchObject({ roles: new Set(['api', 'gateway']), mongodbUrl: both.PARLEY_MONGODB_URL, redisUrl: both.PARLEY_REDIS_URL });
    expect(loadConfig({ PARLEY_MONGODB_URL: both.PARLEY_MONGODB_URL })).toMatchObject({ redisUrl: null });
    expect(() => loadConfig({ ...both, PARLEY_REDIS_URL: '', PARLEY_ROLES: 'api' })).toThrow(/PARLEY_ROLES/);
    expect(() => loadConfig({ PARLEY_REDIS_URL: both.PARLEY_REDIS_URL })).toThrow(/PARLEY_REDIS_URL/);
  });

  it('reads where files lie', () => {
    expect(loadConfig({})).toMatchObject({ filesPlace: { kind: 'disk', shared: false } });
    expect(loadConfig({ PARLEY_FILES: 's3://parley-files?endpoint=http://127.0.0.1:9000' })).toMatchObject({ filesPlace: { kind: 's3', bucket: 'parley-files', endpoint: 'http://127.0.0.1:9000', region: 'us-east-1' } });
    for (const bad of ['s3://', 's3://b/c', 's3://bucket?endpoint=nowhere', 's3://bucket?secret=x']) expect(() => loadConfig({ PARLEY_FILES: bad })).toThrow('PARLEY_FILES');
  });

  it('wants all or none of what APNs needs', () => {
    expect(() => loadConfig({ PARLEY_APNS_KEY_ID: 'ABCDE12345' })).toThrow(/PARLEY_APNS_KEY: APNs needs all of/);
  });

  it('honours cookies of the given address only', () => {
    expect(loadConfig({ PARLEY_URL: 'https://chat.example.org/' })).toMatchObject({ url: 'https://chat.example.org', origins: ['https://chat.example.org'] });
    expect(loadConfig({ PARLEY_HOST: '192.168.1.5' }).origins[0]).toBe('http://192.168.1.5:3210');
    expect(loadConfig({ PARLEY_HOST: '::1' }).origins).toEqual(['http://localhost:3210', 'http://127.0.0.1:3210']);
    expect(loadConfig({ PARLEY_EGRESS_ALLOW: '10.0.0.0/8, wiki.intra:443' }).egressAllow).toEqual(['10.0.0.0/8', 'wiki.intra:443']);
    expect(loadConfig({ PARLEY_TRUSTED_PROXIES: '10.0.0.0/8, ::1' }).trustedProxies).toEqual(['10.0.0.0/8', '::1']);
  });
});
