import { readPage, readWhole } from './pages.js';

const row = { numeroInterne: 7, numeroExterne: 'X7', numeroDeca: null, etat: 'RUPTU' };
const read = { numeroInterne: '7', numeroExterne: 'X7', etat: 'RUPTURE' };

describe('a V1 array', () => {
  it('is one page with everything', () => {
    expect(readWhole([row])).toEqual({ data: [read], total: 1, page: 1 });
  });

  it('is nothing else', () => {
    expect(readWhole({ data: [] })).toBeUndefined();
  });
});

describe('a V2 page', () => {
  const page = { total: 250, count: 1, page: 2, EtatDossierResult: [row] };

  it('is read plain and wrapped in an array of one', () => {
    const expected = { data: [read], total: 250, page: 2 };
    expect(readPage(page, 2)).toEqual(expected);
    expect(readPage([page], 2)).toEqual(expected);
  });

  it('keeps the number it tells, and takes the one asked for where it tells none', () => {
    expect(readPage(page, 3)).toMatchObject({ page: 2 });
    expect(readPage({ EtatDossierResult: [] }, 3)).toEqual({ data: [], total: null, page: 3 });
  });

  it('is nothing without its list', () => {
    expect(readPage({ total: 3 }, 1)).toBeUndefined();
    expect(readPage([page, page], 1)).toBeUndefined();
  });

  it('keeps a row that is no object, for validation to refuse', () => {
    expect(readPage({ EtatDossierResult: ['x'] }, 1)).toMatchObject({ data: ['x'] });
  });
});
