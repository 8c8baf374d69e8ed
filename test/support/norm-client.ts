import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { compileContract } from '../../src/core/contract/check.js';
import type {
  EndpointName,
  OpcoAdapter,
  Question,
  UpstreamRequest,
  UpstreamResponse,
} from '../../src/core/endpoint.js';

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

/** What a test may bend in a call. */
export interface CallBend {
  readonly apiKey?: string;
  readonly without?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A plain client of the norm for tests of the sandbox: it speaks through an adapter, but shares no code with the
 * product's own client, so that a mistake in one is seen by the other.
 */
export class NormClient {
  #token = '';
  #keys: Keys | undefined;

  constructor(
    private readonly adapter: OpcoAdapter,
    private readonly sandboxUrl: string,
  ) {}

  get base(): string {
    return `${this.sandboxUrl}/${this.adapter.id}`;
  }

  /** Asks for a token; `form` replaces fields of the usual form. */
  async login(form: Readonly<Record<string, string>> = {}): Promise<Response> {
    const url = `${this.base}/oauth/token`;
    const { scope, dpop } = this.adapter.auth;
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'opcovia-demo',
      client_secret: `sandbox-secret-${this.adapter.id}`,
      ...(scope !== undefined && { scope }),
      ...form,
    });
    const headers = dpop ? { DPoP: await this.proof('POST', url) } : undefined;
    const response = await fetch(url, { method: 'POST', body, ...(headers && { headers }) });
    const { access_token: token } = (await response.clone().json()) as { access_token?: string };
    if (token !== undefined) this.#token = token;
    return response;
  }

  /** One endpoint, asked in our words, answered by the sandbox, read by the adapter. */
  async ask(
    name: EndpointName,
    question: Question,
    bend: CallBend = {},
  ): Promise<{ response: UpstreamResponse; answer: unknown }> {
    const endpoint = this.adapter.endpoints[name];
    if (!endpoint) throw new Error(`${this.adapter.id} serves no ${name}`);
    const response = await this.send(endpoint.toRequest(question), bend);
    return { response, answer: endpoint.toAnswer(response, question) };
  }

  async send(request: UpstreamRequest, bend: CallBend = {}): Promise<UpstreamResponse> {
    const path = `${this.base}/${request.segments.map(encodeURIComponent).join('/')}`;
    const query = new URLSearchParams(request.query).toString();
    const headers = new Headers({
      ...(await this.headers(request.method, path)),
      'X-API-KEY': bend.apiKey ?? `sandbox-cfa-key-${this.adapter.id}`,
      ...bend.headers,
    });
    if (bend.without !== undefined) headers.delete(bend.without);
    if (request.body?.kind === 'json') headers.set('content-type', 'application/json');
    const body = bodyOf(request);
    const response = await fetch(query ? `${path}?${query}` : path, {
      method: request.method,
      headers,
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: text ? (JSON.parse(text) as unknown) : undefined,
    };
  }

  /** Authorization and the mandatory headers, with a fresh proof where the OPCO wants one. */
  async headers(method: string, url: string): Promise<Record<string, string>> {
    const mandatory = { EDITEUR: 'test', LOGICIEL: 'test', VERSION: '1' };
    if (!this.adapter.auth.dpop) return { ...mandatory, Authorization: `Bearer ${this.#token}` };
    return {
      ...mandatory,
      Authorization: `DPoP ${this.#token}`,
      DPoP: await this.proof(method, url, { ath: this.#ath() }),
    };
  }

  #ath(): string {
    return createHash('sha256').update(this.#token).digest('base64url');
  }

  /** A DPoP proof with the claims of RFC 9449, some of them replaced. */
  async proof(method: string, url: string, claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
    this.#keys ??= await generateKeyPair('RS256');
    const jwk = await exportJWK(this.#keys.publicKey);
    return new SignJWT({ jti: randomUUID(), htm: method, htu: url, iat: Math.floor(Date.now() / 1000), ...claims })
      .setProtectedHeader({ alg: 'RS256', typ: 'dpop+jwt', jwk })
      .sign(this.#keys.privateKey);
  }

  /** Thumbprint of the key behind the proofs. */
  async jkt(): Promise<string> {
    this.#keys ??= await generateKeyPair('RS256');
    return calculateJwkThumbprint(await exportJWK(this.#keys.publicKey));
  }

  /** Goes on with another key pair, and the same token. */
  async changeKeys(): Promise<void> {
    this.#keys = await generateKeyPair('RS256');
  }
}

function bodyOf({ body }: UpstreamRequest): string | FormData | undefined {
  if (body === undefined) return undefined;
  if (body.kind === 'json') return JSON.stringify(body.value);
  const form = new FormData();
  form.append(body.json.part, new Blob([JSON.stringify(body.json.value)], { type: 'application/json' }));
  if (body.file)
    form.append(
      body.file.part,
      new Blob([new Uint8Array(body.file.content)], { type: body.file.mediaType }),
      body.file.name,
    );
  return form;
}

/** A client that has its token. */
export async function clientOf(sandbox: { readonly url: string }, adapter: OpcoAdapter): Promise<NormClient> {
  const client = new NormClient(adapter, sandbox.url);
  expect((await client.login()).status).toBe(200);
  return client;
}

/** A control call: POST with a body, GET without. */
export async function controlOf(sandbox: { readonly url: string }, path: string, body?: unknown): Promise<unknown> {
  const url = `${sandbox.url}/_sandbox/${path}`;
  const response = await fetch(url, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
  return response.json();
}

/** Asks, and demands an answer that our contract takes. */
export async function answered<T>(
  client: NormClient,
  adapter: OpcoAdapter,
  [name, question]: [EndpointName, Parameters<NormClient['ask']>[1]],
): Promise<T> {
  const { response, answer } = await client.ask(name, question);
  expect([
    response.status,
    adapter.endpoints[name] && compileContract(adapter.endpoints[name].answer).check(answer),
  ]).toEqual([200, []]);
  return answer as T;
}
