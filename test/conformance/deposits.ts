import { createHash } from 'node:crypto';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { exampleCertificat } from '../../src/core/contract/certificat.js';
import { exampleConvention } from '../../src/core/contract/convention.js';
import { exampleDocument } from '../../src/core/contract/document.js';
import { exampleFacture } from '../../src/core/contract/facture.js';
import { exampleRupture } from '../../src/core/contract/rupture.js';
import { fileInMemory, type DepositFile } from '../../src/core/deposit-file.js';
import type { EndpointName, Question } from '../../src/core/endpoint.js';

/** A file in memory, as an intake would have read it. */
export function aFile(
  name = 'piece.pdf',
  mediaType: string | undefined = 'application/pdf',
  content = Buffer.from('%PDF-1.4\n%%EOF\n'),
): DepositFile {
  const sha256 = createHash('sha256').update(content).digest('hex');
  return fileInMemory({ name, size: content.length, sha256, ...(mediaType && { mediaType }) }, content);
}

/** A deposit as the pipeline asks it: the body without its `_files`, and one file beside it. */
export function withFile<Body extends { readonly _files: Readonly<Record<string, string>> }>(whole: Body): Question {
  const { _files, ...body } = whole;
  return { query: {}, body, files: Object.keys(_files).map((name) => aFile(name)) };
}

/** A deposit that holds, for each name. */
export const deposits: Readonly<Partial<Record<EndpointName, Question>>> = {
  depositDossier: { query: {}, body: { cerfa: exampleCerfa() } },
  depositConvention: withFile(exampleConvention()),
  depositFacture: withFile(exampleFacture()),
  depositCertificat: withFile(exampleCertificat()),
  depositDocument: withFile(exampleDocument()),
  depositRupture: { query: {}, body: exampleRupture() },
};
