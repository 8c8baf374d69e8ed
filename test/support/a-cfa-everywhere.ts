import { createHash } from 'node:crypto';
import type { CapabilityLine } from '../../src/core/contract/capability.js';
import { opcoIds, type EndpointName, type OpcoId } from '../../src/core/endpoint.js';
import type { TenantHash } from '../../src/core/tenant.js';
import { OpcoCredentialsRepository } from '../../src/tenancy/opco-credentials.repository.js';
import { controlOf } from './norm-client.js';
import { eventually, type Asked, type AskOptions, type Product } from './product.js';

/** What the matrix of the running product says, by OPCO. */
export type Matrix = ReadonlyMap<OpcoId, readonly CapabilityLine[]>;

/** A CFA that every OPCO knows, under keys that the test knows as well. */
export class CfaEverywhere {
  private constructor(
    private readonly product: Product,
    /** Its key for Opcovia. */
    readonly key: string,
  ) {}

  /** Registers it at the product and at every OPCO of the sandbox. */
  static async of(product: Product, nom: string): Promise<CfaEverywhere> {
    const cfa = new CfaEverywhere(product, await product.newTenant(nom));
    const stored = product.opcovia.api.get(OpcoCredentialsRepository);
    for (const opcoId of opcoIds) {
      await controlOf(product.sandbox, 'cfas', { opcoId, apiKey: cfa.cfaKey(opcoId) });
      await stored.put(cfa.tenantHash, { opcoId, key: cfa.cfaKey(opcoId), actor: 'cli' });
    }
    return cfa;
  }

  /** How the product names it in keys and tables. */
  get tenantHash(): TenantHash {
    return createHash('sha256').update(this.key).digest('hex') as TenantHash;
  }

  /** Its key at that OPCO. */
  cfaKey(opcoId: OpcoId): string {
    return `cle-${opcoId}-${this.tenantHash.slice(0, 24)}`;
  }

  ask(method: string, path: string, options?: AskOptions): Promise<Asked> {
    return this.product.ask(this.key, method, path, options);
  }

  /** Asks past the cache. */
  fresh(path: string): Promise<Asked> {
    return this.ask('GET', path, { headers: { 'cache-control': 'no-cache' } });
  }

  /** Deposits, and gives the job once it has ended, whatever became of it. */
  async deposit(path: string, body: unknown): Promise<Asked['body']> {
    const ticket = await this.ask('POST', path, { body });
    if (ticket.status !== 202) throw new Error(`${path}: ${ticket.status} ${ticket.text}`);
    const { statusUrl } = ticket.body as { readonly statusUrl: string };
    const moving = ['pending', 'processing'];
    const ended = await eventually(
      () => this.ask('GET', statusUrl),
      ({ body: job }) => !moving.includes(job.status),
    );
    return ended.body;
  }

  /** Puts dossiers of mixed ages under its key; gives the numbers of the first and the last. */
  async seed(opcoId: OpcoId, dossiers: number): Promise<{ readonly premier: string; readonly dernier: string }> {
    const seeded = await controlOf(this.product.sandbox, 'seed', { opcoId, apiKey: this.cfaKey(opcoId), dossiers });
    return seeded as { premier: string; dernier: string };
  }

  /** Puts a dossier into a state. */
  async put(opcoId: OpcoId, numeroInterne: string, etat: string): Promise<void> {
    await controlOf(this.product.sandbox, 'etat', { opcoId, apiKey: this.cfaKey(opcoId), numeroInterne, etat });
  }

  /** The product's matrix, as any integrator reads it. */
  async matrix(): Promise<Matrix> {
    const { body } = await this.ask('GET', '/capabilities');
    const told = body.data as readonly { opcoId: OpcoId; capabilities: readonly CapabilityLine[] }[];
    return new Map(told.map(({ opcoId, capabilities }) => [opcoId, capabilities]));
  }
}

/** The line of what is in production, or is not; never one of a version on trial. */
export function lineOf(matrix: Matrix, opcoId: OpcoId, endpoint: EndpointName): CapabilityLine {
  const line = matrix.get(opcoId)?.find((each) => each.endpoint === endpoint);
  if (!line) throw new Error(`the matrix has no ${endpoint} at ${opcoId}`);
  return line;
}

/** What a route says that its OPCO does not offer: the reason out of the matrix, and no word more. */
export function expectUnsupported({ status, body }: Asked, line: CapabilityLine): void {
  expect([status, body.code]).toEqual([501, 'NOT_SUPPORTED']);
  expect(line.note?.length).toBeGreaterThan(10);
  expect(body.detail).toMatch(/ ne propose pas cette opération : /);
  expect(body.detail.endsWith(`: ${line.note}`)).toBe(true);
}
