import type { Author, AuditTrail } from '../../audit/audit-trail.js';
import type { Clock } from '../../core/clock.js';
import type { OverrideBody } from '../../core/contract/limits.js';
import { fail, type Finding } from '../../core/errors.js';
import { budgetKey } from '../../core/keys.js';
import type { BudgetSizes } from '../../hub/central/sizes.js';
import type { BudgetOverride } from '../../hub/overrides/override.js';
import type { OverridesInForce } from '../../hub/overrides/overrides-in-force.js';
import type { OverridesRepository } from '../../hub/overrides/overrides.repository.js';
import type { Database } from '../../platform/database/database.js';
import { declaredSize } from './limits-view.js';

const longestMs = 30 * 86_400_000;

/** What changing an override takes. */
export interface ChangeParts {
  readonly database: Database;
  readonly audit: AuditTrail;
  readonly table: OverridesRepository;
  readonly overrides: Pick<OverridesInForce, 'load'>;
  readonly sizes: Pick<BudgetSizes, 'of'>;
  readonly clock: Clock;
}

/** Which budget. */
export interface BudgetName {
  readonly opcoId: string;
  readonly environment: string;
}

/** Sets and ends what staff says of a budget: row and audit row in one transaction, in force here before the answer. */
export class ChangeOverride {
  constructor(private readonly parts: ChangeParts) {}

  async set(name: BudgetName, body: OverrideBody, author: Author): Promise<BudgetOverride> {
    const { database, audit, table } = this.parts;
    const findings = this.#judge(name, body);
    if (findings.length > 0) throw fail('VALIDATION_ERROR', { findings });
    const { rate = null, burst = null, mode = 'enforce', reason } = body;
    const override = await database.asSystem(async (sql) => {
      const before = await table.locked(sql, name.opcoId, name.environment);
      const order = { ...name, rate, burst, mode, reason, setBy: author.actor, expiresAt: new Date(body.expiresAt) };
      const stored = await table.put(sql, order);
      await audit.write(sql, {
        ...author,
        ...{ tenant: null, action: 'budget.overridden', object: objectOf(name), result: 'ok' },
        details: { ...told('before', before), ...told('after', stored), reason },
      });
      return stored;
    });
    await this.#takeUp();
    return override;
  }

  /** NOT_FOUND where nothing is in force. */
  async end(name: BudgetName, author: Author): Promise<void> {
    const { database, audit, table } = this.parts;
    await database.asSystem(async (sql) => {
      const before = await table.locked(sql, name.opcoId, name.environment);
      if (!before) throw fail('NOT_FOUND', { detail: "Aucune consigne n'est en vigueur pour ce budget." });
      await table.remove(sql, name.opcoId, name.environment);
      await audit.write(sql, {
        ...author,
        ...{ tenant: null, action: 'budget.restored', object: objectOf(name), result: 'ok' },
        details: told('before', before),
      });
    });
    await this.#takeUp();
  }

  #judge({ opcoId, environment }: BudgetName, { rate, burst, mode, expiresAt }: OverrideBody): Finding[] {
    const declared = declaredSize(this.parts.sizes.of(budgetKey(opcoId, environment)));
    const left = Date.parse(expiresAt) - this.parts.clock.now();
    const findings: Finding[] = [];
    const wrong = (pointer: string, code: string, message: string) => findings.push({ pointer, code, message });
    if (rate === undefined && burst === undefined && mode === undefined)
      wrong('', 'required', 'Donnez au moins un de rate, burst, mode.');
    if (rate !== undefined && rate > declared.ceiling)
      wrong('/rate', 'maximum', `Le contrat de cet OPCO s'arrête à ${declared.ceiling}.`);
    if (burst !== undefined && burst > declared.burst)
      wrong('/burst', 'maximum', `La configuration de cet OPCO s'arrête à ${declared.burst}.`);
    // The negation takes in what is no moment at all, as a leap second is to JavaScript.
    if (!(left > 0)) wrong('/expiresAt', 'minimum', 'La fin est passée.');
    if (left > longestMs) wrong('/expiresAt', 'maximum', 'La fin est à plus de 30 jours.');
    return findings;
  }

  /** The announcement does the same; what fails here it will make good. */
  async #takeUp(): Promise<void> {
    await this.parts.overrides.load().catch(() => undefined);
  }
}

const objectOf = ({ opcoId, environment }: BudgetName) => `budget:${opcoId}/${environment}`;

function told(when: 'before' | 'after', override: BudgetOverride | undefined) {
  if (!override) return { [when]: null };
  const { rate, burst, mode, expiresAt } = override;
  return {
    [`${when}Rate`]: rate,
    [`${when}Burst`]: burst,
    [`${when}Mode`]: mode,
    [`${when}Until`]: expiresAt.toISOString(),
  };
}
