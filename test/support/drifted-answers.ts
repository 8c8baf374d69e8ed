import type { EndpointName, OpcoId } from '../../src/core/endpoint.js';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { clientOf, type NormClient } from './norm-client.js';
import { control, type Asked } from './product.js';

type Body = Asked['body'];

/** Where the norm has each read, by its version at an OPCO, and where our words have what stands in one of its rows. */
const routes: Readonly<Partial<Record<EndpointName, readonly [route: string, rows: string]>>> = {
  status: ['v1/status', ''],
  cfakeyinfo: ['v2/cfakeyinfo', ''],
  dossier: ['{norm}/dossiers', ''],
  etats: ['{norm}/dossiers/etats', '/data/*'],
  liste: ['v1/dossiers/liste', '/data/*'],
  facturesEtats: ['v2/factures/etats', '/data/*'],
};

/** A JSON pointer, in our words, to a member of the rows of a read. */
export const rowPointer = (endpoint: EndpointName, name: string): string => `${routes[endpoint]?.[1] ?? ''}/${name}`;

/** Takes true answers out of the sandbox, changes them, and has the OPCO give them once in place of its own. */
export class DriftedAnswers {
  private constructor(
    private readonly sandbox: Sandbox,
    private readonly client: NormClient,
    private readonly apiKey: string,
  ) {}

  static async of(sandbox: Sandbox, opcoId: OpcoId, apiKey: string): Promise<DriftedAnswers> {
    return new DriftedAnswers(sandbox, await clientOf(sandbox, opcoId), apiKey);
  }

  /** The OPCO's next answer to that read is its own of now, changed. */
  async next(
    { endpoint, norm, query }: { endpoint: EndpointName; norm?: string | undefined; query: Record<string, string> },
    change: (body: Body) => void,
  ): Promise<void> {
    const path = (routes[endpoint]?.[0] ?? '').replace('{norm}', norm ?? 'v1');
    const { status, body } = await this.client.send({ route: `GET ${path}`, query, apiKey: this.apiKey });
    expect([endpoint, status]).toEqual([endpoint, 200]);
    change(body);
    await control(this.sandbox, '/_sandbox/faults', {
      ...{ opcoId: this.client.opcoId, method: 'GET', path: `/${path}`, times: 1 },
      ...{ kind: 'status', status: 200, body },
    });
  }
}

/** The rows of a list in any of the norm's shapes; one that is no list is its own only row. */
export function rowsIn(body: Body): readonly Body[] {
  const page = Array.isArray(body) && body.length === 1 ? body[0] : body;
  const named = page.EtatDossierResult ?? page.factures;
  if (named) return named;
  return Array.isArray(body) ? body : [body];
}
