/** What runs in the page. Everything shown goes through `textContent`: paths and decisions come from strangers. */
export const pageScript = `'use strict';
const byId = (id) => document.getElementById(id);
const make = (tag, text, className) => {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
};
const row = (cells, className) => {
  const tr = make('tr', undefined, className);
  for (const cell of cells) tr.append(cell instanceof Node ? wrap(cell) : make('td', cell === null ? '' : String(cell)));
  return tr;
};
const wrap = (node) => { const td = make('td'); td.append(node); return td; };
const fill = (id, rows) => byId(id).replaceChildren(...rows);
const say = (text, bad) => { byId('message').textContent = text; byId('message').className = bad ? 'bad' : ''; };

async function call(method, path, body) {
  const answer = await fetch('/_sandbox/' + path, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.message);
  return value;
}
async function act(text, ...args) {
  try { await call(...args); say(text); } catch (error) { say(error.message, true); }
  await show();
}

const counted = (counts) => Object.entries(counts).map(([name, count]) => name + ' ' + count).join(', ') || '-';
function quotaText(quotas) {
  return quotas.map((quota) => quota.limit + ' / ' + quota.windowMs / 1000 + ' s (' + (quota.kind || 'fixed') + ', ' + (quota.per || 'client') + ')').join(' ; ');
}
function opcoRows(state) {
  const refused = {};
  for (const { opcoId, refused: count } of state.quotaCounts) refused[opcoId] = (refused[opcoId] || 0) + count;
  return Object.entries(state.opcos).map(([opcoId, opco]) =>
    row([opcoId, opco.cfas, opco.dossiers, counted(opco.etats), opco.factures, counted(opco.etatsFactures), opco.documents,
      quotaText(state.quotas[opcoId]), refused[opcoId] || 0]));
}
function faultRows(faults) {
  return faults.map(({ id, aim, words, left, struck }) => {
    const button = make('button', 'Retirer');
    button.addEventListener('click', () => act('Panne ' + id + ' retirée', 'DELETE', 'faults/' + id));
    const whom = Object.entries(aim).map(([name, value]) => name + '=' + value).join(' ') || 'toutes les requêtes';
    const what = words.map(({ kind, named, ...more }) => named + (Object.keys(more).length ? ' ' + JSON.stringify(more) : ''));
    return row([id, whom, what.join(' → '), struck, left === null ? '∞' : left, button]);
  });
}
function lineRows(lines) {
  return [...lines].reverse().map((line) =>
    row([line.seq, line.virtualTime, line.method + ' ' + line.path, line.cfa, line.status || 'coupé', line.decision,
      line.committed ? line.committed.type : '', line.fault], line.fault ? 'fault' : line.status >= 400 ? 'refused' : ''));
}

let showing = false;
async function show() {
  if (showing) return;
  showing = true;
  try {
    const state = await call('GET', 'overview');
    byId('clock').textContent = state.virtualTime;
    byId('speed').textContent = '× ' + state.speed;
    byId('seed').textContent = state.seed;
    byId('requests').textContent = state.requests;
    fill('opcos', opcoRows(state));
    fill('faults', faultRows(state.faults));
    fill('lines', lineRows(state.lines));
    const select = byId('fault-opco');
    if (select.options.length === 1) for (const opcoId of Object.keys(state.opcos)) select.append(make('option', opcoId));
    document.body.dataset.live = String(Number(document.body.dataset.live || 0) + 1);
  } catch (error) {
    say('Le bac à sable ne répond pas : ' + error.message, true);
  }
  showing = false;
}

for (const button of document.querySelectorAll('[data-advance]'))
  button.addEventListener('click', () => act('Horloge avancée', 'POST', 'clock', { advanceSeconds: Number(button.dataset.advance) }));
byId('reset').addEventListener('click', () => {
  const seed = byId('new-seed').value;
  act('Remis à neuf', 'POST', 'reset', seed ? { seed } : {});
});
byId('clear').addEventListener('click', () => act('Toutes les pannes sont retirées', 'DELETE', 'faults'));
byId('check').addEventListener('click', async () => {
  const { ok, effects, doubles } = await call('GET', 'invariants');
  say(ok ? effects + ' effets, aucun double' : doubles.length + ' double(s) : lignes ' + doubles.map(({ seqs }) => seqs.join(' et ')).join(' ; '), !ok);
});
byId('add').addEventListener('submit', (event) => {
  event.preventDefault();
  const [opcoId, route, word, times] = ['fault-opco', 'fault-route', 'fault-word', 'fault-times'].map((id) => byId(id).value);
  act('Panne ajoutée', 'POST', 'faults', {
    kind: word, ...(times && { times: Number(times) }), ...(opcoId && { opcoId }), ...(route && { route }),
  });
});
show();
setInterval(show, 1000);
`;
