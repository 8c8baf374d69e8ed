// Holds what clients saw, how their jobs ended and what an OPCO's ledger says against the promises I1 to I7. Pure: no clock, no I/O.

const ended = new Set(['completed', 'failed', 'cancelled', 'needs_review']);
const withoutEffect = new Set(['failed', 'cancelled']);

/** Answers to a deposit that a client of ours is told to expect, besides 202 and 200. */
const documented = new Set([200, 202, 422, 429, 503]);

/**
 * One verdict for each promise; `offenders` are sentences, the first ones first. A deposit that ends as `needs_review` may or may not
 * have had its effect: nobody could know, and it says so.
 */
export function checkHistory(history) {
  const effects = effectsByMark(history.ledger);
  const verdicts = [
    ['I1', 'no accepted deposit is lost', lost(history)],
    ['I2', 'no deposit takes effect twice', twice(history, effects)],
    ['I3', 'completed means committed, once', falseSuccesses(history, effects)],
    ['I4', 'failed means not committed', falseFailures(history, effects)],
    ['I5', 'one job for one key', splitKeys(history)],
    ['I6', 'no quota window overflows', overflows(history)],
    ['I7', 'nobody receives what is another’s', strays(history)],
    ['+', 'nothing takes effect that nobody may count on', strangers(history, effects)],
    ['+', 'answers are documented ones', oddAnswers(history)],
  ];
  return verdicts.map(([name, promise, offenders]) => ({ name, promise, ok: offenders.length === 0, offenders }));
}

/** The tenants whose canaries stand in a text that another one received. */
export function canariesIn(text, receiver, tenants) {
  return tenants
    .filter(({ name }) => name !== receiver)
    .filter(({ canaries }) => canaries.some((canary) => text.includes(canary)))
    .map(({ name }) => name);
}

const isTicket = ({ status, jobId }) => (status === 200 || status === 202) && jobId !== undefined;
const ticketsOf = ({ answers }) => answers.filter(isTicket);
const nameOf = ({ tenant, key, opcoId, type }) => `${tenant}/${key} (${type} at ${opcoId})`;
const acceptedOf = (history) => history.deposits.filter((deposit) => ticketsOf(deposit).length > 0);

function jobOf({ jobs }, deposit) {
  const [ticket] = ticketsOf(deposit);
  return ticket && jobs.get(ticket.jobId);
}

/** A mark names the OPCO, the CFA key and what is in no other deposit: see `markOf` in deposits.mjs. */
function effectsByMark(ledger) {
  const found = new Map();
  for (const line of ledger) {
    if (!line.committed) continue;
    for (const mark of marksOf(line)) found.set(mark, [...(found.get(mark) ?? []), line]);
  }
  return found;
}

const marksOf = ({ opcoId, cfa, key, committed }) =>
  [committed.fichier, key].filter(Boolean).map((own) => `${opcoId}|${cfa}|${own}`);

function lost(history) {
  return acceptedOf(history).flatMap((deposit) => {
    const job = jobOf(history, deposit);
    if (job && ended.has(job.status)) return [];
    return [`${nameOf(deposit)}: job ${ticketsOf(deposit)[0].jobId} is ${job?.status ?? 'unknown'}`];
  });
}

const seqsOf = (lines) => lines.map(({ seq }) => seq).join(', ');

function twice(history, effects) {
  return history.deposits.flatMap((deposit) => {
    const lines = effects.get(deposit.mark) ?? [];
    return lines.length > 1 ? [`${nameOf(deposit)}: ledger lines ${seqsOf(lines)}`] : [];
  });
}

function falseSuccesses(history, effects) {
  return acceptedOf(history).flatMap((deposit) => {
    const count = effects.get(deposit.mark)?.length ?? 0;
    const done = jobOf(history, deposit)?.status === 'completed';
    return done && count !== 1 ? [`${nameOf(deposit)}: completed, ${count} effects`] : [];
  });
}

function falseFailures(history, effects) {
  return acceptedOf(history).flatMap((deposit) => {
    const lines = effects.get(deposit.mark) ?? [];
    const status = jobOf(history, deposit)?.status;
    return withoutEffect.has(status) && lines.length > 0
      ? [`${nameOf(deposit)}: ${status}, ledger lines ${seqsOf(lines)}`]
      : [];
  });
}

function splitKeys({ deposits }) {
  const owners = new Map();
  return deposits.flatMap((deposit) => {
    const jobs = new Set(ticketsOf(deposit).map(({ jobId }) => jobId));
    const taken = [...jobs].filter((jobId) => owners.has(jobId)).map((jobId) => `${jobId} is ${owners.get(jobId)}'s`);
    for (const jobId of jobs) owners.set(jobId, nameOf(deposit));
    const split = jobs.size > 1 ? [`jobs ${[...jobs].join(', ')}`] : [];
    const swallowed = deposit.otherContent?.some(isTicket)
      ? ['another content under the same key was a duplicate']
      : [];
    return [...split, ...taken, ...swallowed].map((fault) => `${nameOf(deposit)}: ${fault}`);
  });
}

/** What was sent counts, refused or not; tokens have another door, and a late effect was no request. */
function overflows({ ledger, windows }) {
  return windows.flatMap(({ opcoId, limit, windowMs }) => {
    const counted = ledger.filter(
      (line) => line.opcoId === opcoId && line.route !== 'token' && line.late === undefined,
    );
    const times = counted.map(({ time }) => Date.parse(time)).sort((one, other) => one - other);
    const { most, at } = fullest(times, windowMs);
    return most > limit
      ? [`${opcoId}: ${most} requests in the ${windowMs} ms until ${new Date(at).toISOString()}, ${limit} allowed`]
      : [];
  });
}

function fullest(times, windowMs) {
  let [start, most, at] = [0, 0, 0];
  times.forEach((time, index) => {
    while (times[start] <= time - windowMs) start += 1;
    if (index - start + 1 > most) [most, at] = [index - start + 1, time];
  });
  return { most, at };
}

function strays({ received, tenants, foreign }) {
  const read = received.flatMap(({ tenant, where, text }) =>
    canariesIn(text, tenant, tenants).map((owner) => `${tenant} received a canary of ${owner} in ${where}`),
  );
  const opened = foreign
    .filter(({ status }) => status < 400)
    .map(({ tenant, jobId, status }) => `${tenant} asked for job ${jobId} of another: ${status}`);
  return [...read, ...opened];
}

/** Effects of no deposit that was offered, and effects of a content that was refused with 422. */
function strangers({ deposits, ledger }, effects) {
  const known = new Set(deposits.map(({ mark }) => mark));
  const unknown = ledger
    .filter((line) => line.committed && !marksOf(line).some((mark) => known.has(mark)))
    .map(({ seq, opcoId, committed }) => `ledger line ${seq}: ${committed.type} at ${opcoId}`);
  const refused = deposits
    .filter(({ otherMark }) => effects.has(otherMark))
    .map((deposit) => `${nameOf(deposit)}: the other content under the same key took effect`);
  return [...unknown, ...refused];
}

function oddAnswers({ deposits }) {
  return deposits.flatMap((deposit) =>
    deposit.answers
      .filter(
        ({ status, retryAfter }) => status !== 0 && (!documented.has(status) || (status === 503 && !(retryAfter >= 1))),
      )
      .map(({ status, retryAfter }) => `${nameOf(deposit)}: ${status}, Retry-After ${retryAfter ?? 'absent'}`),
  );
}
