import { createHash } from 'node:crypto';

const sha256 = (content) => createHash('sha256').update(content).digest('hex');

/** Which OPCO offers which type in production. */
const offered = {
  akto: ['dossiers', 'factures', 'documents', 'conventions'],
  'opco-ep': ['dossiers', 'factures', 'documents', 'conventions'],
  afdas: ['dossiers', 'factures', 'conventions'],
};

/** A file of its own for each deposit; a large one is stored in pieces. */
function fileOf(tenant, key, size) {
  const head = `%PDF-1.4\n% ${tenant.canary} ${key}\n`;
  return Buffer.from(head.padEnd(size, '0123456789abcdef'));
}

/** Invents deposits, each of which is told from all others by its mark; `examples` are those of src/core/contract. */
export class DepositMaker {
  #count = 0;

  constructor(chance, { tenants, examples }) {
    Object.assign(this, { chance, tenants, examples });
  }

  next() {
    const tenant = this.chance.one(this.tenants);
    const opcoId = this.chance.one(Object.keys(offered));
    return this.#make({ tenant, opcoId, type: this.chance.one(offered[opcoId]) });
  }

  /** Another content of the same kind, for the same key. */
  other({ owner, opcoId, type, key }) {
    return { ...this.#make({ tenant: owner, opcoId, type }), key };
  }

  #make({ tenant, opcoId, type }) {
    this.#count += 1;
    const key = `${tenant.name}-${this.#count}`;
    const cfa = tenant.cfas[opcoId];
    const made = { owner: tenant, tenant: tenant.name, key, opcoId, type, path: `/${opcoId}/${type}`, answers: [] };
    const own = `${opcoId}|${cfa.fingerprint}`;
    if (type === 'dossiers') {
      const { cerfa, ledgerKey } = this.#contract(tenant);
      return { ...made, body: { cerfa }, mark: `${own}|${ledgerKey}` };
    }
    const { _files, ...fields } = this.#paper(type, key, this.chance.one(cfa.dossiers));
    const file = fileOf(tenant, key, this.chance.happens(0.1) ? 150_000 : 900);
    const mark = `${own}|${sha256(file)}`;
    if (this.chance.happens(0.5)) return { ...made, form: { fields, file }, mark };
    return { ...made, body: { ...fields, _files: { 'piece.pdf': file.toString('base64') } }, mark };
  }

  #contract({ canary }) {
    const rank = this.#count % 9000;
    const debut = `2026-09-${String(1 + Math.floor(this.#count / 9000)).padStart(2, '0')}`;
    const cerfa = this.examples.cerfa({ rank, debut });
    cerfa.apprenti.nom = canary;
    const { siret } = cerfa.employeur;
    const nir = cerfa.apprenti.nir.slice(0, 13);
    // As the sandbox tells contracts apart: an employer, an apprentice, a first day, a kind, no amendment.
    const natural = JSON.stringify([siret, nir, debut, [String(cerfa.contrat.typeContratApp), '']]);
    return { cerfa, ledgerKey: sha256(natural).slice(0, 16) };
  }

  #paper(type, key, { numeroInterne, numeroExterne }) {
    if (type === 'documents') return this.examples.document(numeroInterne);
    if (type === 'conventions') return this.examples.convention(numeroInterne);
    const { lignes, ...facture } = this.examples.facture(`F-${key}`, numeroExterne);
    return { ...facture, montantTotal: 0.01, lignes: [{ ...lignes[0], montant: 0.01 }] };
  }
}

/** What a client sends, made anew for each sending. */
export function requestOf({ owner, key, body, form }) {
  const headers = { 'x-api-key': owner.key, 'idempotency-key': key };
  if (body) {
    return { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
  }
  const parts = new FormData();
  parts.set('body', JSON.stringify(form.fields));
  parts.set('piece.pdf', new Blob([form.file], { type: 'application/pdf' }), 'piece.pdf');
  return { method: 'POST', headers, body: parts };
}
