import { randomBytes } from 'node:crypto';
import type { SyncView } from '../../src/core/contract/sync.js';
import { control, eventually, type Product } from './product.js';

/** What an event of a synchronisation holds. */
export interface SyncEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A CFA of the product with many dossiers at one OPCO of the sandbox, and what it asks for. */
export class SyncingCfa {
  readonly apiKey: string;
  readonly opcoId: string;
  /** Its key at the OPCO. */
  readonly cfaKey: string;
  /** As the ledger of the sandbox names it. */
  readonly cfa: string;

  private constructor(
    private readonly product: Product,
    named: Pick<SyncingCfa, 'apiKey' | 'opcoId' | 'cfaKey' | 'cfa'>,
  ) {
    ({ apiKey: this.apiKey, opcoId: this.opcoId, cfaKey: this.cfaKey, cfa: this.cfa } = named);
  }

  /** Registers the CFA, with a key of its own at that OPCO. */
  static async of(product: Product, opcoId: string, dossiers: number): Promise<SyncingCfa> {
    const apiKey = await product.newTenant(`CFA ${opcoId} ${dossiers}`);
    const cfaKey = `sync-${randomBytes(12).toString('hex')}`;
    await control(product.sandbox, '/_sandbox/cfas', { opcoId, apiKey: cfaKey });
    await product.ask(apiKey, 'PUT', `/${opcoId}/credentials`, { body: { cle: cfaKey } });
    const { fingerprint: cfa = '' } = product.sandbox.world.cfa(opcoId, cfaKey) ?? {};
    if (dossiers > 0) await control(product.sandbox, '/_sandbox/load', { opcoId, apiKey: cfaKey, dossiers });
    return new SyncingCfa(product, { apiKey, opcoId, cfaKey, cfa });
  }

  /** Puts a dossier into another state at the OPCO. */
  put(numeroInterne: string, etat: string): Promise<void> {
    const { opcoId, cfaKey: apiKey } = this;
    return control(this.product.sandbox, '/_sandbox/etat', { opcoId, apiKey, numeroInterne, etat });
  }

  /** The numbers of its dossiers at the OPCO. */
  get numeros(): string[] {
    return [...(this.product.sandbox.world.cfa(this.opcoId, this.cfaKey)?.dossiers.keys() ?? [])];
  }

  /** Starts a synchronisation; gives its path. */
  async start(): Promise<string> {
    const { status, body } = await this.ask('POST', '');
    if (status !== 202) throw new Error(`202 was expected, ${status} came: ${JSON.stringify(body)}`);
    return body.statusUrl as string;
  }

  ask(method: string, path: string) {
    return this.product.ask(this.apiKey, method, `/${this.opcoId}/sync${path}`);
  }

  async view(statusUrl: string): Promise<SyncView> {
    return (await this.product.ask(this.apiKey, 'GET', statusUrl)).body as SyncView;
  }

  until(statusUrl: string, isThere: (view: SyncView) => boolean, withinMs = 120_000): Promise<SyncView> {
    return eventually(() => this.view(statusUrl), isThere, withinMs);
  }

  ended(statusUrl: string, withinMs?: number): Promise<SyncView> {
    return this.until(statusUrl, ({ status }) => ['completed', 'failed', 'cancelled'].includes(status), withinMs);
  }

  /** Requests of that route that the sandbox heard of this CFA, after that line of its ledger. */
  heard(route: string, after = 0) {
    return this.product.sandbox.world.ledger.read({ opcoId: this.opcoId, cfa: this.cfa, route, after });
  }

  fault(fault: object): Promise<void> {
    return control(this.product.sandbox, '/_sandbox/faults', { opcoId: this.opcoId, cfa: this.cfa, ...fault });
  }

  /** Its events of those types, once there are so many. */
  async events(types: string, atLeast = 1): Promise<SyncEvent[]> {
    const { body } = await eventually(
      () => this.product.ask(this.apiKey, 'GET', `/events?types=${types}&limit=200`),
      (answer) => answer.body.data.length >= atLeast,
    );
    return body.data as SyncEvent[];
  }
}
