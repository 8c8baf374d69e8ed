import { etatRows, factureRows, readPage as read, readWhole } from './pages.js';

const readPage = (body: unknown, asked: number) => read(body, asked, etatRows);

const row = { numeroInterne: 7, numeroExterne: 'X7', numeroDeca: null, etat: 'RUPTU' };
const ours = { numeroInterne: '7', numeroExterne: 'X7', etat: 'RUPTURE' };

describe('a V1 array', () => {
  it('is one page with everything', () => {
    expect(readWhole([row])).toEqual({ data: [ours], total: 1, page: 1 });
  });

  it('is nothing else', () => {
    expect(readWhole({ data: [] })).toBeUndefined();
  });
});

describe('a V2 page', () => {
  const page = { total: 250, count: 1, page: 2, EtatDossierResult: [row] };

  it('is read plain and wrapped in an array of one', () => {
    const expected = { data: [ours], total: 250, page: 2 };
    expect(readPage(page, 2)).toEqual(expected);
    expect(readPage([page], 2)).toEqual(expected);
  });

  it('keeps the number it tells, and takes the one asked for where it tells none', () => {
    expect(readPage(page, 3)).toMatchObject({ page: 2 });
    expect(readPage({ EtatDossierResult: [] }, 3)).toEqual({ data: [], total: null, page: 3 });
  });

  it('keeps what validation is to report: a count in text, and members that nobody knows', () => {
    const drifted = { ...page, total: '250', page: '2', suivante: 3 };
    expect(readPage(drifted, 2)).toEqual({ data: [ours], total: '250', page: '2', suivante: 3 });
    expect(readPage({ ...page, total: 'beaucoup', page: 0 }, 2)).toEqual({ data: [ours], total: null, page: 2 });
  });

  it('is nothing without its list', () => {
    expect(readPage({ total: 3 }, 1)).toBeUndefined();
    expect(readPage([page, page], 1)).toBeUndefined();
  });

  it('of invoices keeps its rows under another name', () => {
    const rows = [{ numeroInterneFacture: 12, referenceFactureCFA: null, dateReglement: '2026-11-30T23:00:00Z' }];
    expect(read({ total: 1, page: 1, factures: rows }, 1, factureRows)).toEqual({
      data: [{ numeroInterneFacture: '12', dateReglement: '2026-12-01' }],
      total: 1,
      page: 1,
    });
  });

  it('without rows and without a total is an empty one; with a total it is not to be trusted', () => {
    expect(readPage({ total: 0, page: 1, EtatDossierResult: null }, 1)).toEqual({ data: [], total: 0, page: 1 });
    expect(readPage({ total: 3, page: 1, EtatDossierResult: null }, 1)).toBeUndefined();
  });

  it('keeps a row that is no object, for validation to refuse', () => {
    expect(readPage({ EtatDossierResult: ['x'] }, 1)).toMatchObject({ data: ['x'] });
  });
});
