import { budgetParts } from '../core/keys.js';
import type { Metrics } from '../platform/metrics/metrics.js';
import type { BudgetSizes } from './central/sizes.js';
import type { InstancePermits } from './instance/instance-permits.js';
import { overrideModes } from './overrides/override.js';
import type { OverridesInForce } from './overrides/overrides-in-force.js';

const modes = ['granted', 'lease', 'safe'] as const;

/** What the figures of the hub are read from. */
export interface HubSources {
  readonly permits: Pick<InstancePermits, 'look' | 'state'>;
  readonly sizes: Pick<BudgetSizes, 'names'>;
  readonly overrides: Pick<OverridesInForce, 'of'>;
}

/** How this process comes by its permits, and what it knows of the budgets; read when somebody asks for the metrics. */
export function watchHub(metrics: Metrics, { permits, sizes, overrides }: HubSources): void {
  const instance = (name: string, value: number) => ({ labels: { kind: 'instance', name }, value });
  metrics.watch(
    'opcovia_hub_mode',
    'How this instance comes by permits: 1 for the mode it is in (granted, lease, safe).',
    () => {
      const { mode } = permits.state();
      return modes.map((each) => instance(each, each === mode ? 1 : 0));
    },
  );
  metrics.watch('opcovia_hub_connected', 'Whether a line to a hub is open (1) or not (0).', () => [
    instance('connected', permits.state().connected ? 1 : 0),
  ]);
  metrics.watch('opcovia_hub_epoch', 'Epoch of the hub heard last, 0 when none ever was.', () => [
    instance('epoch', permits.state().epoch),
  ]);
  metrics.watch(
    'opcovia_hub_alone_share_ratio',
    'Part of every budget that this instance may use by itself, 0 while a hub grants.',
    () => [instance('alone', permits.state().aloneShare)],
  );
  metrics.watch(
    'opcovia_upstream_budget_paused_seconds',
    'For how long an OPCO asked to be left alone, 0 when it did not.',
    () =>
      sizes.names.map((budget) => {
        const { opco, environment } = budgetParts(budget);
        return { labels: { kind: opco, name: environment }, value: permits.look(budget).pausedSeconds };
      }),
  );
  metrics.watch('opcovia_budget_overrides', 'Budgets of which staff has said what they are, by mode.', () => {
    const said = sizes.names.flatMap((budget) => overrides.of(budget)?.mode ?? []);
    return overrideModes.map((mode) => ({
      labels: { kind: 'override', name: mode },
      value: said.filter((each) => each === mode).length,
    }));
  });
}
