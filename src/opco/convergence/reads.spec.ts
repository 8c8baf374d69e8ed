import type { Endpoint } from '../../core/endpoint.js';
import { cfakeyinfo, dossierTtlSeconds, liste, status } from './reads.js';

const read = (endpoint: Endpoint, body: unknown, query: Record<string, string> = {}) =>
  endpoint.toAnswer({ status: 200, headers: {}, body }, { query });
const dossier = (numeroInterne: unknown) => ({ cerfa: { numeroInterne, etat: 'ENGAGE' }, echeances: null });

describe('a list of dossiers', () => {
  const ask = (body: unknown) => read(liste({}), body, { numerosInternes: '7,8,9' });

  it.each([
    ['an array', [dossier(7), dossier('9')]],
    ['an array under a name', { dossiers: [dossier(7), dossier('9')] }],
  ])('is read out of %s, and says which numbers are missing', (_name, body) => {
    expect(ask(body)).toEqual({ data: [dossier('7'), dossier('9')], introuvables: ['8'] });
  });

  it('is read out of a single dossier', () => {
    expect(ask(dossier(8))).toMatchObject({ introuvables: ['7', '9'] });
  });
});

it('a status keeps what the norm does not name, for validation to report', () => {
  expect(read(status, { status: 'UP', uptime: 5, region: 'x' })).toEqual({
    status: 'healthy',
    supportedVersions: [],
    uptime: 5,
    region: 'x',
  });
});

it('a key that does not hold has no last day', () => {
  expect(read(cfakeyinfo, { status: 'ERROR', comment: 'Clé inconnue' })).toEqual({
    status: 'error',
    dateFinValidite: null,
    comment: 'Clé inconnue',
  });
});

it.each([
  ['TRANSMIS', 120],
  ['EN_COURS_INSTRUCTION', 120],
  ['NOUVEAU', 120],
  ['ENGAGE', 900],
  ['SOLDE', 21_600],
  ['RUPTURE', 21_600],
])('a dossier in state %s is kept %i seconds', (etat, seconds) => {
  expect(dossierTtlSeconds({ cerfa: { etat } })).toBe(seconds);
});
