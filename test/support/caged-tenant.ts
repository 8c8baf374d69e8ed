import { randomBytes } from 'node:crypto';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import type { Canaries } from './canaries.js';
import { toUpstream } from '../../src/opco/convergence/words.js';
import { control, type AskOptions, type Asked, type Product } from './product.js';

/** A tenant whose every secret and personal datum is a canary of its own, and everything that it was ever answered. */
export class CagedTenant {
  /** What no log, no figure, no Redis and no column in clear may hold; nor anything that another tenant receives. */
  readonly canaries: Canaries;
  /** Whole answers: status, header fields and body, with the request that they answer. */
  readonly answers: { readonly where: string; readonly content: string; readonly status: number }[] = [];

  private constructor(
    readonly product: Product,
    readonly name: string,
    readonly key: string,
    private readonly rank: number,
  ) {
    const mark = `${name}-${randomBytes(6).toString('hex')}`;
    const { apprenti } = exampleCerfa({ rank }) as { apprenti: { nir: string } };
    this.canaries = {
      key,
      nir: apprenti.nir,
      nom: `Nom-${mark}`,
      prenom: `Prénom-${mark}`,
      courriel: `${mark}@courriel.example`,
      telephone: `06${String(71_000_000 + rank * 1009).padStart(8, '0')}`,
      adresse: `7 rue ${mark}`,
      employeur: `Employeur ${mark}`,
      fichier: `Contenu du fichier ${mark}`,
      nomDuFichier: `fichier-${mark}.pdf`,
      cleOpco: `cle-opco-${mark}`,
      idempotence: `idem-${mark}`,
      enTete: `en-tete-${mark}`,
      chemin: `chemin-${mark}`,
      parametre: `parametre-${mark}`,
      corps: `corps-${mark}`,
      motOpco: `mot-de-l-opco-${mark}`,
      webhookChemin: `crochet-${mark}`,
      webhookParametre: `jeton-${mark}`,
    };
  }

  /** Registers it, with a key of its own at one OPCO. */
  static async enter(product: Product, name: string, rank: number): Promise<CagedTenant> {
    const tenant = new CagedTenant(product, name, await product.newTenant(`CFA ${name}`), rank);
    const cle = tenant.value('cleOpco');
    await control(product.sandbox, '/_sandbox/cfas', { opcoId: 'akto', apiKey: cle });
    await tenant.ask('PUT', '/akto/credentials', { body: { cle } });
    return tenant;
  }

  value(canary: string): string {
    const value = this.canaries[canary];
    if (value === undefined) throw new Error(`no canary ${canary}`);
    return value;
  }

  /** A request of this tenant, with canaries in header fields that we have no use for; the answer is kept. */
  async ask(method: string, path: string, { body, headers }: AskOptions = {}): Promise<Asked> {
    const mark = this.value('enTete');
    const answer = await this.product.ask(this.key, method, path, {
      body,
      headers: { cookie: `c=${mark}`, authorization: `Basic ${mark}`, 'user-agent': mark, 'x-other': mark, ...headers },
    });
    const fields = [...answer.headers].map(([name, value]) => `${name}: ${value}`);
    const content = [answer.status, ...fields, answer.text].join('\n');
    this.answers.push({ where: `${this.name}: ${method} ${path.split('?', 1)[0]}`, content, status: answer.status });
    return answer;
  }

  /** A contract whose every personal field is a canary; `more` tells contracts of this tenant apart. */
  cerfa(more = 0): Record<string, unknown> {
    const cerfa = exampleCerfa({ rank: this.rank, debut: `2026-09-${String(1 + more).padStart(2, '0')}` });
    const courriel = this.value('courriel');
    return {
      ...cerfa,
      employeur: { ...cerfa.employeur, denomination: this.value('employeur'), courriel },
      apprenti: {
        ...exampleCerfa({ rank: this.rank }).apprenti,
        nom: this.value('nom'),
        prenom: this.value('prenom'),
        courriel,
        telephone: this.value('telephone'),
        adresse: { adresse1: this.value('adresse'), codePostal: '75012', commune: 'Paris' },
      },
    };
  }

  /** Has the OPCO hold its contracts under these numbers, whoever else has some under the same. */
  hold(opcoId: string, numeros: readonly string[]): void {
    const cfa = this.product.sandbox.world.cfa(opcoId, this.value('cleOpco'));
    if (!cfa) throw new Error('the sandbox does not know the key');
    for (const [index, numeroInterne] of numeros.entries()) {
      const cerfa = toUpstream(this.cerfa(index), '+00:00') as Readonly<Record<string, unknown>>;
      const made = this.product.sandbox.world.admit(cfa, cerfa);
      cfa.dossiers.delete(made.numeroInterne);
      cfa.dossiers.set(numeroInterne, { ...made, numeroInterne });
    }
    cfa.forgetLists();
  }

  /** A document of a dossier, with canaries as its name and in its bytes. */
  document(numeroInterne: string): Record<string, unknown> {
    const pdf = Buffer.from(`%PDF-1.4\n${this.value('fichier')}\n%%EOF\n`).toString('base64');
    return {
      typeFichier: 'convention',
      objets: [{ typeObjet: 'dossier', idObjet: numeroInterne }],
      _files: { [this.value('nomDuFichier')]: pdf },
    };
  }
}
