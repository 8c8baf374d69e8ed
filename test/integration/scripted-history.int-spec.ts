import type { TenantHash } from '../../src/core/tenant.js';
import { PollBench } from '../support/poll-bench.js';
import { ScriptedOpco } from '../support/polled-opco.js';
import { ScriptedHistory, type Change } from '../support/scripted-history.js';

interface ToldChange {
  readonly type: string;
  readonly data: {
    readonly numeroInterne?: string;
    readonly numeroInterneFacture?: string;
    readonly before?: string;
    readonly after?: string;
    readonly changes?: readonly { readonly path: string; readonly before?: unknown; readonly after?: unknown }[];
  };
}

/** What an event says, in the words of the script. */
function toldOf({ type, data }: ToldChange): Change {
  if (type === 'facture.etat_changed')
    return { about: `facture ${data.numeroInterneFacture}`, before: data.before, after: data.after };
  const [change, ...others] = data.changes ?? [];
  if (others.length > 0) throw new Error(`${type} tells two changes as one`);
  return { about: `dossier ${data.numeroInterne}`, before: change?.before, after: change?.after };
}

const byObject = (changes: readonly Change[]) => {
  const sorted = new Map<string, Change[]>();
  for (const change of changes) sorted.set(change.about, [...(sorted.get(change.about) ?? []), change]);
  return new Map([...sorted].sort());
};

describe('a long history under bad days', () => {
  let bench: PollBench;
  let tenant: TenantHash;
  let history: ScriptedHistory;

  beforeAll(async () => {
    bench = await PollBench.create();
  });
  afterAll(() => bench?.db.drop());

  const told = async () => ((await bench.events(tenant)) as ToldChange[]).map(toldOf);
  /** One poll in which every clock says that it is time. */
  const round = async () => {
    await bench.allDue(tenant);
    await bench.asSystem('UPDATE poll_targets SET next_factures_at = now()');
    await bench.pollAgain(tenant);
  };
  const live = async (rounds: number) => {
    for (let at = 0; at < rounds; at++) {
      const counts = byObject(await told());
      const made = byObject(history.changes);
      history.step((about) => (made.get(about)?.length ?? 0) === (counts.get(about)?.length ?? 0));
      await round();
    }
  };

  it.each([1, 2, 3])(
    'is told change by change, each once and in order, and nothing ends that is there (script %i)',
    async (seed) => {
      bench.opco = new ScriptedOpco();
      tenant = await bench.aTarget();
      history = new ScriptedHistory(bench.opco, seed, { dossiers: 20, factures: 6 });
      await round();
      history.badDays(true);
      await live(20);
      history.hide('D7');
      await live(6);
      history.hide();
      history.badDays(false);
      await round();
      await round();
      expect(history.changes.length).toBeGreaterThan(50);
      expect(byObject(await told())).toEqual(byObject(history.changes));
      const types = new Set((await bench.events(tenant)).map(({ type }) => type));
      expect([...types].sort()).toEqual(['dossier.etat_changed', 'dossier.updated', 'facture.etat_changed']);
      const versions = history.changes.filter(({ about }) => about.startsWith('dossier')).length + 20;
      expect(await bench.versions(tenant)).toHaveLength(versions);

      // What is truly gone is told once, and nothing else is.
      bench.opco.dossiers.delete('D5');
      for (let often = 0; often < 4; often++) await round();
      const ends = (await bench.events(tenant)).slice(history.changes.length);
      expect(ends).toMatchObject([{ type: 'dossier.deleted', data: { numeroInterne: 'D5' } }]);
    },
  );
});
