import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { OpcoId } from '../../src/core/endpoint.js';

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
type Texts = Readonly<Record<string, string>>;

/** A file as a form carries it. */
export interface NormFile {
  readonly name: string;
  readonly content: Buffer;
}

/** One call in the norm's own words. */
export interface NormCall {
  /** Such as `GET v1/dossiers`. */
  readonly route: string;
  readonly query?: Texts;
  readonly json?: unknown;
  /** A multipart body: its JSON parts by name, and the file of the part `fichier`. */
  readonly form?: { readonly parts: Readonly<Record<string, unknown>>; readonly file?: NormFile };
  readonly apiKey?: string;
  /** A header that is left out. */
  readonly without?: string;
  readonly headers?: Texts;
}

/** What came back. */
export interface NormAnswer {
  readonly status: number;
  readonly headers: Texts;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into bodies of eleven dialects
  readonly body: any;
}

/** The three that demand this scope (norm.md 3.3). */
const scoped: readonly OpcoId[] = ['akto', 'atlas', 'opco-mobilites'];

/** Making an RSA key costs more than a whole test: clients share one until a test wants another. */
let shared: Promise<Keys> | undefined;
const newKeys = () => generateKeyPair('RS256');

/**
 * A plain client of the norm for tests of the sandbox. It knows no adapter and shares no code with the product: what
 * the two read differently in the norm shows up.
 */
export class NormClient {
  #token = '';
  #keys: Keys | undefined;

  constructor(
    readonly opcoId: OpcoId,
    private readonly sandboxUrl: string,
  ) {}

  get base(): string {
    return `${this.sandboxUrl}/${this.opcoId}`;
  }

  /** Asks for a token; `form` replaces fields of the usual form. */
  async login(form: Texts = {}): Promise<Response> {
    const url = `${this.base}/oauth/token`;
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'opcovia-demo',
      client_secret: `sandbox-secret-${this.opcoId}`,
      ...(scoped.includes(this.opcoId) && { scope: 'api.read api.write' }),
      ...form,
    });
    const headers = this.#dpop ? { DPoP: await this.proof('POST', url) } : undefined;
    const response = await fetch(url, { method: 'POST', body, ...(headers && { headers }) });
    const { access_token: token } = (await response.clone().json()) as { access_token?: string };
    if (token !== undefined) this.#token = token;
    return response;
  }

  async send({ route, query, json, form, apiKey, without, headers: more }: NormCall): Promise<NormAnswer> {
    const [method = 'GET', path = ''] = route.split(' ');
    const url = `${this.base}/${path}`;
    const headers = new Headers({
      ...(await this.headers(method, url)),
      'X-API-KEY': apiKey ?? `sandbox-cfa-key-${this.opcoId}`,
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...more,
    });
    if (without !== undefined) headers.delete(without);
    const body = json === undefined ? form && formOf(form) : JSON.stringify(json);
    const asked = query ? `${url}?${new URLSearchParams(query).toString()}` : url;
    const response = await fetch(asked, { method, headers, ...(body !== undefined && { body }) });
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
    if (!this.#dpop) return { ...mandatory, Authorization: `Bearer ${this.#token}` };
    const ath = createHash('sha256').update(this.#token).digest('base64url');
    return { ...mandatory, Authorization: `DPoP ${this.#token}`, DPoP: await this.proof(method, url, { ath }) };
  }

  get #dpop(): boolean {
    return this.opcoId === 'afdas';
  }

  /** A DPoP proof with the claims of RFC 9449, some of them replaced. */
  async proof(method: string, url: string, claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
    this.#keys ??= await (shared ??= newKeys());
    const jwk = await exportJWK(this.#keys.publicKey);
    return new SignJWT({ jti: randomUUID(), htm: method, htu: url, iat: Math.floor(Date.now() / 1000), ...claims })
      .setProtectedHeader({ alg: 'RS256', typ: 'dpop+jwt', jwk })
      .sign(this.#keys.privateKey);
  }

  /** Thumbprint of the key behind the proofs. */
  async jkt(): Promise<string> {
    this.#keys ??= await (shared ??= newKeys());
    return calculateJwkThumbprint(await exportJWK(this.#keys.publicKey));
  }

  /** Goes on with another key pair, and the same token. */
  async changeKeys(): Promise<void> {
    this.#keys = await newKeys();
  }
}

function formOf({ parts, file }: NonNullable<NormCall['form']>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(parts))
    form.append(name, new Blob([JSON.stringify(value)], { type: 'application/json' }));
  if (file) form.append('fichier', new Blob([new Uint8Array(file.content)]), file.name);
  return form;
}

/** A client that has its token. */
export async function clientOf(sandbox: { readonly url: string }, opcoId: OpcoId): Promise<NormClient> {
  const client = new NormClient(opcoId, sandbox.url);
  expect((await client.login()).status).toBe(200);
  return client;
}

/** A control call: POST with a body, GET without. */
export async function controlOf(sandbox: { readonly url: string }, path: string, body?: unknown): Promise<unknown> {
  const url = `${sandbox.url}/_sandbox/${path}`;
  const response = await fetch(url, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}
