import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../core/clock.js';
import { opcoIds } from '../core/endpoint.js';
import { SandboxCfa, type Validity } from './cfa.js';
import { dice, drawn } from './chance.js';
import { contratOf } from './contrat.js';
import type { Dialect } from './dialect.js';
import { defaultDirtRate, drawDirt } from './dirt.js';
import { dialects } from './dialects.js';
import type { SandboxDossier } from './dossier.js';
import { DpopVerifier } from './dpop.js';
import { EnabledRoutes } from './enabled.js';
import { Faults } from './faults.js';
import { Ledger } from './ledger.js';
import { drawLife } from './lifecycle.js';
import { Quotas, type QuotasByOpco } from './quotas.js';
import { Tokens } from './tokens.js';
import { VirtualClock } from './virtual-clock.js';

/** What a sandbox is made of. */
export interface WorldOptions {
  readonly seed: string;
  readonly clock: Clock;
  /** Virtual seconds for each real one. */
  readonly speed: number;
  readonly tokenSeconds: number;
  /** Path of the ledger's file. */
  readonly ledgerFile?: string;
  /** Dormant routes that are on from the start, such as `opco-2i:depositDocument`. */
  readonly enable?: readonly string[];
  /** What each OPCO takes; fifty calls a second where it is not said. */
  readonly quotas?: QuotasByOpco;
  /** The part of dossiers that come out dirty, 0 to 1. */
  readonly dirt?: number;
}

/** What is known of a dossier that comes in otherwise than by a deposit. */
export interface Past {
  /** Virtual. */
  readonly depositedAt: number;
  /** Instalments that opened before this virtual instant are paid. */
  readonly paidBefore?: number;
  /** When all of it was paid, virtual. */
  readonly settledAt?: number | undefined;
}

/** The CFA key that each OPCO of the sandbox knows from the start: a public demo value. */
export const demoCfaKey = (opcoId: string) => `sandbox-cfa-key-${opcoId}`;

/** The SIRET of the demo CFA. */
export const demoSiret = '13002526500013';

/** Everything the sandbox knows and remembers; the routes only read and write it. */
export class World {
  readonly virtual: VirtualClock;
  readonly ledger: Ledger;
  readonly quotas: Quotas;
  readonly faults: Faults;
  readonly tokens: Tokens;
  readonly dpop: DpopVerifier;
  readonly enabled: EnabledRoutes;
  seed: string;
  /** The part of dossiers that come out dirty from now on, 0 to 1. */
  dirtRate: number;
  #era = 0;
  #cfas = new Map<string, SandboxCfa>();
  #ranks = new Map<string, number>();
  readonly #ended = new AbortController();

  constructor(private readonly options: WorldOptions) {
    const { clock, speed, seed, tokenSeconds, ledgerFile, enable } = options;
    this.enabled = new EnabledRoutes(enable);
    this.virtual = new VirtualClock(clock, speed);
    this.ledger = new Ledger(ledgerFile);
    this.quotas = new Quotas(clock, this.virtual, options.quotas);
    this.dirtRate = options.dirt ?? defaultDirtRate;
    this.tokens = new Tokens(clock, tokenSeconds);
    this.dpop = new DpopVerifier(clock);
    this.seed = seed;
    this.faults = new Faults({
      virtualNow: () => this.virtual.now(),
      elapsed: () => clock.elapsed(),
      seed: () => this.seed,
    });
    this.#settle();
  }

  get clock(): Clock {
    return this.options.clock;
  }

  /** Rises with each reset: what was begun before belongs to a world that is gone. */
  get era(): number {
    return this.#era;
  }

  /** Back to the first morning with another seed; tokens stay valid, they belong to the software and not to a CFA. */
  reset(seed: string): void {
    this.#era += 1;
    this.seed = seed;
    this.virtual.set(this.clock.now());
    this.virtual.run(this.options.speed);
    this.ledger.clear();
    this.quotas.clear();
    this.dirtRate = this.options.dirt ?? defaultDirtRate;
    this.faults.reset();
    this.enabled.reset();
    this.#settle();
  }

  cfa(opcoId: string, apiKey: string): SandboxCfa | undefined {
    return this.#cfas.get(`${opcoId} ${apiKey}`);
  }

  /** The CFA of a key's fingerprint, as ledger lines name it. */
  cfaOf(opcoId: string, fingerprint: string): SandboxCfa | undefined {
    return [...this.#cfas.values()].find((cfa) => cfa.dialect.id === opcoId && cfa.fingerprint === fingerprint);
  }

  /** Every CFA that an OPCO of the sandbox knows. */
  cfas(): Iterable<SandboxCfa> {
    return this.#cfas.values();
  }

  /** Makes a CFA key known to one OPCO; of a known key only the validity changes, where one is given. */
  register(
    dialect: Dialect,
    { apiKey, siret, validity }: { readonly apiKey: string; readonly siret: string; readonly validity?: Validity },
  ): SandboxCfa {
    const key = `${dialect.id} ${apiKey}`;
    const cfa = this.#cfas.get(key) ?? new SandboxCfa(dialect, apiKey, siret);
    if (validity) cfa.validity = validity;
    this.#cfas.set(key, cfa);
    return cfa;
  }

  /** The next number of an OPCO's sequence; where it starts depends on the seed alone. */
  nextRank(sequence: string): number {
    const rank = this.#ranks.get(sequence) ?? 1_000_000 + drawn(0, 899_999, this.seed, sequence);
    this.#ranks.set(sequence, rank + 1);
    return rank;
  }

  /** Takes a contract in: now, unless it has a past. */
  admit(
    cfa: SandboxCfa,
    cerfa: Readonly<Record<string, unknown>>,
    { depositedAt, ...past }: Past = { depositedAt: this.virtual.now() },
  ): SandboxDossier {
    const { dialect } = cfa;
    const rank = this.nextRank(dialect.id);
    const numeroInterne = dialect.numeroInterne(rank);
    const contrat = contratOf(cerfa);
    const thrown = dice(this.seed, dialect.id, numeroInterne);
    const dossier: SandboxDossier = {
      numeroInterne,
      numeroExterne: dialect.numeroExterne(rank),
      numeroDeca: numeroDeca(cerfa, rank),
      cerfa,
      life: drawLife({ dice: thrown, depositedAt, pace: dialect.pace, contrat }),
      newCfa: (cfa.activeSince ?? '') > contrat.newCfaAfter,
      dirt: drawDirt(thrown, { habits: dialect.habits, rate: this.dirtRate }),
      ...past,
    };
    cfa.keep(dossier);
    return dossier;
  }

  /** Waits in real time; true unless the sandbox stopped meanwhile. */
  async pause(ms: number): Promise<boolean> {
    try {
      await wait(ms, undefined, { signal: this.#ended.signal });
      return true;
    } catch {
      return false;
    }
  }

  end(): void {
    this.#ended.abort();
    this.ledger.close();
  }

  #settle(): void {
    this.#cfas.clear();
    this.#ranks.clear();
    for (const opcoId of opcoIds) this.register(dialects[opcoId], { apiKey: demoCfaKey(opcoId), siret: demoSiret });
  }
}

/** Three characters for a department: two digits behind a zero, three overseas, `02A` and `02B` in Corsica. */
export function departmentOf(codePostal: string): string {
  if (/^9[78]/.test(codePostal)) return codePostal.slice(0, 3);
  if (codePostal.startsWith('20')) return codePostal < '20200' ? '02A' : '02B';
  return `0${codePostal.slice(0, 2)}`;
}

/** Department, year and month of the contract's start, `NC`, four digits (norm.md 3.5). */
function numeroDeca(cerfa: Readonly<Record<string, unknown>>, rank: number): string {
  const { employeur } = cerfa as { employeur?: { adresse?: { codePostal?: unknown } } };
  const department = departmentOf(String(employeur?.adresse?.codePostal ?? '75001'));
  const month = contratOf(cerfa).debut.slice(0, 7).replace('-', '');
  return `${department}${month}NC${String(rank % 10_000).padStart(4, '0')}`;
}
