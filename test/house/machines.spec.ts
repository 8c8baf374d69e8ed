import { parse } from 'yaml';
import { read } from './repository.js';

interface ComposeService {
  image?: string;
  build?: unknown;
  command?: string[];
  environment?: Record<string, string>;
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
}

const compose = parse(read('docker-compose.yml')) as { services: Record<string, ComposeService> };
const service = (name: string): ComposeService => compose.services[name] ?? {};

describe('docker-compose.yml', () => {
  it('names PostgreSQL, the queue Redis, the cache Redis and opcovia', () => {
    expect(Object.keys(compose.services).sort()).toEqual(['opcovia', 'postgres', 'redis', 'redis-cache']);
  });

  it('keeps the queue (noeviction, append-only file) and lets the cache evict', () => {
    expect(service('redis').command?.join(' ')).toMatch(/--maxmemory-policy noeviction.*--appendonly yes/);
    expect(service('redis-cache').command?.join(' ')).toMatch(/--maxmemory-policy allkeys-lru/);
  });

  it('gives every service a health check and starts opcovia after the healthy others', () => {
    for (const name of ['postgres', 'redis', 'redis-cache']) {
      expect(service(name).healthcheck?.test.length).toBeGreaterThan(1);
      expect(service('opcovia').depends_on?.[name]).toEqual({ condition: 'service_healthy' });
    }
  });

  it('tells opcovia where its three stores are', () => {
    expect(Object.keys(service('opcovia').environment ?? {})).toEqual(
      expect.arrayContaining(['DATABASE_URL', 'REDIS_URL', 'CACHE_REDIS_URL']),
    );
  });

  it("holds no secret: each one comes from the reader's own environment", () => {
    const environments = Object.values(compose.services).flatMap(({ environment }) =>
      Object.entries(environment ?? {}),
    );
    const secrets = environments.filter(([name]) => /SECRET|PASSWORD|MASTER|KEY/.test(name));
    expect(secrets.length).toBeGreaterThan(0);
    expect(secrets.filter(([, value]) => !/^\$\{[A-Z_]+:\?/.test(value))).toEqual([]);
  });
});

describe('Dockerfile', () => {
  const dockerfile = read('Dockerfile');
  const lastStage = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));

  it('builds and runs on the Node version of .nvmrc', () => {
    expect(read('.nvmrc').trim()).toBe('24');
    expect([...dockerfile.matchAll(/^FROM (node:\S+)/gm)].map((match) => match[1])).toEqual(
      expect.arrayContaining(['node:24-slim']),
    );
    expect(dockerfile).not.toMatch(/^FROM node:(?!24-slim)/m);
  });

  it('ends as a numeric user that is not root, stops on SIGTERM and answers a health check', () => {
    expect(lastStage).toMatch(/^USER [1-9]\d*(:\d+)?$/m);
    expect(lastStage).toMatch(/^STOPSIGNAL SIGTERM$/m);
    expect(lastStage).toMatch(/^HEALTHCHECK [^\n]*\\?\n?[^\n]*\/health/m);
    expect(lastStage).toMatch(/^(CMD|ENTRYPOINT) \["node"/m);
  });
});
