import autocannon from 'autocannon';

// Argument: one order as JSON {url, method, headers, body, connections, seconds, expected, deposit}. Prints one JSON result.
// `expected` is a status besides 2xx that counts as good.
// `deposit` makes each request a deposit of its own: another content and another Idempotency-Key.

const order = JSON.parse(process.argv[2]);
const run = `${Date.now().toString(36)}-${process.pid}`;
let count = 0;

/** About 4 kB: one document of 2.8 kB, whose content is unique, linked to one dossier. */
function deposit() {
  count += 1;
  const content = `%PDF-1.4\n% ${run}-${count}\n${'0123456789abcdef'.repeat(172)}\n%%EOF\n`;
  return JSON.stringify({
    typeFichier: 'convention',
    objets: [{ typeObjet: 'dossier', idObjet: `INT-${String(count % 1000).padStart(4, '0')}` }],
    _files: { 'convention.pdf': Buffer.from(content).toString('base64') },
  });
}

function uniqueDeposit(request) {
  const body = deposit();
  return {
    ...request,
    body,
    headers: { ...order.headers, 'content-type': 'application/json', 'idempotency-key': `${run}-${count}` },
  };
}

const result = await autocannon({
  url: order.url,
  method: order.method,
  headers: order.headers,
  ...(order.body !== undefined ? { body: order.body } : {}),
  connections: order.connections,
  duration: order.seconds,
  ...(order.deposit ? { requests: [{ method: 'POST', setupRequest: uniqueDeposit }] } : {}),
});
// A row may be about a refusal; the bare neighbours answer 200 to everything.
const good = result['2xx'] + (result.statusCodeStats?.[order.expected]?.count ?? 0);
process.stdout.write(
  JSON.stringify({
    answered: result['2xx'] + result.non2xx,
    good,
    statuses: Object.fromEntries(
      Object.entries(result.statusCodeStats ?? {}).map(([code, { count }]) => [code, count]),
    ),
    errors: result.errors + result.timeouts,
    perSecond: good / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  }),
);
