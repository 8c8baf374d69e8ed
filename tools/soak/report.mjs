const shownOffenders = 5;

const line = (name, value) => `  ${String(name).padEnd(34)} ${value}\n`;

function countBy(items, nameOf) {
  const counts = {};
  for (const item of items) counts[nameOf(item)] = (counts[nameOf(item)] ?? 0) + 1;
  return counts;
}

const lines = (counts, prefix = '') =>
  Object.entries(counts)
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([name, count]) => line(`${prefix}${name}`, count))
    .join('');

/** The table at the end of a soak: what was offered, what became of it, what was broken, and each promise. */
export function report({ seed, rig, verdicts }) {
  const { counts, deposits, jobs, foreign } = rig.clients;
  const ledger = [...rig.sandbox.world.ledger.history()];
  const effects = ledger.filter(({ committed }) => committed);
  const faults = ledger.filter(({ fault }) => fault !== null);
  return [
    `\nSeed ${seed}\n\nDeposits\n`,
    line('offered', deposits.length),
    line('accepted', counts.accepted),
    line('sent, again and again', counts.sent),
    line('answered as duplicates', counts.duplicates),
    line('answered 503 or 429', counts.refused),
    line('connections broken', counts.broken),
    lines(countBy(deposits, ({ type, form }) => `of ${type}${form ? ', form' : ''}`)),
    '\nJobs\n',
    lines(countBy(jobs.values(), ({ status, outcome }) => `${status}${outcome ? ` (${outcome})` : ''}`)),
    '\nOPCOs\n',
    line('requests', ledger.length),
    line('effects', effects.length),
    lines(
      countBy(faults, ({ fault }) => fault),
      'fault ',
    ),
    '\nNemesis\n',
    lines(rig.nemesis.acts),
    ...rig.instances.map(({ name, ends }) => line(`ends of ${name}`, ends.join(' '))),
    '\nOthers\n',
    line('reads', counts.reads),
    line('questions for jobs of others', foreign.length),
    '\nPromises\n',
    ...verdicts.map(tellVerdict),
  ].join('');
}

function tellVerdict({ name, promise, ok, offenders }) {
  const shown = offenders.slice(0, shownOffenders).map((offender) => `       ${offender}\n`);
  const more = offenders.length > shown.length ? `       and ${offenders.length - shown.length} more\n` : '';
  return `  ${name.padEnd(3)} ${promise.padEnd(50)} ${ok ? 'ok' : 'VIOLATED'}\n${shown.join('')}${more}`;
}
