import { endpointNames } from '../core/endpoint.js';
import { pageScript } from './page-script.js';
import { wordNames } from './fault-words.js';

/** The look of the page. */
export const pageStyle = `
:root { color-scheme: light dark; font: 14px/1.4 system-ui, sans-serif; }
body { margin: 1rem auto; max-width: 90rem; padding: 0 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin: 1.4rem 0 .4rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
#lines td { font-family: ui-monospace, monospace; font-size: 12px; }
tr.fault td { color: #c2410c; } tr.refused td { color: #a16207; }
form, .bar { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
#message { min-height: 1.4em; } #message.bad { color: #dc2626; }
.scroll { overflow-x: auto; }
`;

const head = (...names: readonly string[]) =>
  `<thead><tr>${names.map((name) => `<th>${name}</th>`).join('')}</tr></thead>`;
const table = (id: string, ...names: readonly string[]) =>
  `<div class="scroll"><table>${head(...names)}<tbody id="${id}"></tbody></table></div>`;
const options = (names: readonly string[]) => names.map((name) => `<option>${name}</option>`).join('');

/** The whole page; it needs nothing from elsewhere. */
export const pageHtml = `<!doctype html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Opcovia : bac à sable</title>
<link rel="icon" href="data:,">
<style>${pageStyle}</style>
</head>
<body>
<h1>Bac à sable des onze OPCO</h1>
<p class="bar">Horloge virtuelle <strong id="clock">…</strong> <span id="speed"></span>
<button data-advance="86400">+ 1 jour</button><button data-advance="604800">+ 1 semaine</button>
<span>Graine <strong id="seed"></strong></span> <input id="new-seed" placeholder="autre graine" size="12">
<button id="reset">Remettre à neuf</button>
<span>Requêtes <strong id="requests">0</strong></span> <button id="check">Chercher des doubles</button></p>
<p id="message" role="status"></p>
<h2>OPCO</h2>
${table('opcos', 'OPCO', 'Clés CFA', 'Dossiers', 'États', 'Factures', 'États', 'Documents', 'Quotas', '429')}
<h2>Pannes armées</h2>
${table('faults', 'N°', 'Sur', 'Mots', 'Jouée', 'Reste', '')}
<form id="add">
<select id="fault-opco" aria-label="OPCO"><option value="">tous les OPCO</option></select>
<select id="fault-route" aria-label="Route"><option value="">toutes les routes</option>${options(['token', ...endpointNames])}</select>
<input id="fault-word" aria-label="Panne" list="words" required placeholder="commit+rst, 429(2), hold(500)…">
<datalist id="words">${options(wordNames)}</datalist>
<input id="fault-times" aria-label="Fois" type="number" min="1" placeholder="fois (∞)">
<button>Ajouter</button> <button id="clear" type="button">Tout retirer</button>
</form>
<h2>Dernières requêtes</h2>
${table('lines', 'N°', 'Temps virtuel', 'Requête', 'CFA', 'Réponse', 'Décision', 'Effet', 'Panne')}
<script>${pageScript}</script>
</body>
</html>
`;
