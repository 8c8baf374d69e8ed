import { aFile, withFile } from '../../../test/conformance/deposits.js';
import { exampleCertificat } from '../../core/contract/certificat.js';
import { exampleConvention } from '../../core/contract/convention.js';
import { exampleDocument } from '../../core/contract/document.js';
import { exampleFacture } from '../../core/contract/facture.js';
import type { Endpoint, Question } from '../../core/endpoint.js';
import { depositCertificatAsDocument, depositConvention, depositDocument, depositFacture } from './deposits.js';

const facture = depositFacture({ offset: '+00:00', segment: 'factures', found: false });

function form(endpoint: Endpoint, question: Question) {
  const { body } = endpoint.toRequest(question);
  if (body?.kind !== 'multipart') throw new Error('no form');
  return { part: body.json.part, json: body.json.value as Record<string, unknown>, file: body.file };
}

it('spells the one accented key of a convention as the norm does, and sends all four RQTH years', () => {
  const { part, json } = form(depositConvention('+00:00'), withFile(exampleConvention()));
  expect(part).toBe('convention');
  expect(json['couts']).toMatchObject({
    'mentionMobilit\u00e9Internationale': false,
    montantRQTHAnnee3: null,
    montantRQTHAnnee4: null,
  });
  expect(json['couts']).not.toHaveProperty('mentionMobiliteInternationale');
});

it('bills the balance under code 99, whichever word the caller used', () => {
  const { lignes, ...rest } = exampleFacture();
  const codes = ['solde', '99', '4', null].map((codificationEcheance) => {
    const question = withFile({ ...rest, lignes: lignes.map((ligne) => ({ ...ligne, codificationEcheance })) });
    return (form(facture, question).json['lignes'] as { codificationEcheance: unknown }[])[0]?.codificationEcheance;
  });
  expect(codes).toEqual(['99', '99', '4', null]);
});

it('hands the numeroExterne of an invoice line on as it is', () => {
  const question = withFile(exampleFacture('F-1', 'EXT/42'));
  expect(form(facture, question).json['lignes']).toMatchObject([
    { numeroDossier: 'EXT/42' },
    { numeroDossier: 'EXT/42' },
  ]);
});

it.each([
  ['convention', 'dossier', 'CONVENTION_FORMATION', 'DOSSIER_APPRENTISSAGE'],
  ['FACTURE', 'FACTURE', 'FACTURE', 'FACTURE'],
] as const)('knows our words and the codes of the norm: %s', (typeFichier, typeObjet, file, object) => {
  const question = withFile({ ...exampleDocument(), typeFichier, objets: [{ typeObjet, idObjet: '7' }] });
  expect(form(depositDocument, question).json).toEqual({
    typeFichier: file,
    objets: [{ typeObjet: object, idObjet: '7' }],
  });
});

it('links a certificate that goes as a document to its invoice too', () => {
  const question = withFile({ ...exampleCertificat('7'), numeroInterneFacture: 12 });
  expect(form(depositCertificatAsDocument, question).json['objets']).toEqual([
    { typeObjet: 'DOSSIER_APPRENTISSAGE', idObjet: '7' },
    { typeObjet: 'FACTURE', idObjet: '12' },
  ]);
});

it('names the file by what it is, and keeps an extension that it has', () => {
  const sent = (name: string, mediaType: string) =>
    form(depositDocument, { ...withFile(exampleDocument()), files: [aFile(name, mediaType)] }).file?.name;
  expect(sent('convention', 'image/png')).toBe('convention.png');
  expect(sent('scan.jpeg', 'image/jpeg')).toBe('scan.jpeg');
  expect(sent('scan.png', 'application/pdf')).toBe('scan.png.pdf');
});

it('sends the bytes of the file, as often as they are asked for', async () => {
  const { file } = form(depositDocument, withFile(exampleDocument()));
  for (let time = 0; time < 2; time++) {
    const chunks: Buffer[] = [];
    for await (const chunk of file?.open() ?? []) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('%PDF-1.4\n%%EOF\n');
  }
});

it('doubts an invoice that is no PDF, and sends it', () => {
  const question = { ...withFile(exampleFacture()), files: [aFile('facture.png', 'image/png')] };
  expect(facture.warn?.(question)).toMatchObject([{ pointer: '/_files', code: 'file_unusual' }]);
  expect(facture.judge?.(question)).toEqual([]);
});
