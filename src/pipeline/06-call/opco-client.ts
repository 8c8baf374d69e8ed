import type { OpcoAdapter, UpstreamRequest, UpstreamResponse } from '../../core/endpoint.js';
import { asOpcoviaError, fail } from '../../core/errors.js';
import type { Call } from '../../core/exchange.js';
import type { DpopProofs } from './dpop.js';
import type { Credentials, SoftwareIdentity, Upstream } from './identities.js';
import { encodeBody, type EncodedBody } from './multipart.js';
import { laneOf, type RouteClass } from './route-class.js';
import type { AccessToken, AccessTokens } from './token.js';
import { upstreamFailure } from './upstream-failure.js';
import { upstreamUrl } from './upstream-url.js';
import type { Wire, WireResponse } from './wire.js';

/** One call to one OPCO, as the stage orders it. */
export interface Order {
  readonly adapter: OpcoAdapter;
  readonly upstream: Upstream;
  readonly request: UpstreamRequest;
  readonly call: Call;
  /** Whose connections it takes. */
  readonly routeClass: RouteClass;
  /** Milliseconds that the status line may take; as long as the whole answer when absent. */
  readonly headersMs?: number;
  /** Milliseconds left for this attempt, the resend after a 401 included. */
  remainingMs(): number;
  /** Right before the first byte, for each time the request goes out; throwing stops it. `resend` counts from 0. */
  beforeSend(resend: number): Promise<void>;
}

/** What the client is made of. */
export interface ClientParts {
  readonly wire: Wire;
  readonly tokens: AccessTokens;
  readonly proofs: DpopProofs;
  readonly credentials: Pick<Credentials, 'cfaKey'>;
  readonly software: SoftwareIdentity;
}

interface Prepared {
  readonly url: URL;
  readonly body: EncodedBody | undefined;
  readonly cfaKey: string;
}

/**
 * Speaks HTTP with the OPCOs, in the name of the software and of the CFA. Only the headers listed here go out.
 * A 401 refreshes the token once and sends again; a second 401 is handed on as the answer, and for a minute so is a first one.
 */
export class OpcoClient {
  constructor(private readonly parts: ClientParts) {}

  /** The OPCO's answer, whatever its status; throws an `OpcoviaError` with `sent` when there is none. */
  async send(order: Order): Promise<UpstreamResponse> {
    try {
      return await this.#send(order);
    } catch (thrown) {
      throw upstreamFailure(order.adapter, thrown);
    }
  }

  async #send(order: Order): Promise<UpstreamResponse> {
    const { tokens, proofs } = this.parts;
    const { adapter, upstream, request, call } = order;
    const question = { adapter, upstream, environment: call.tenant.environment };
    if (call.cfaKey !== undefined && !headerValue.test(call.cfaKey)) throw unusableKey();
    const cfaKey = call.cfaKey ?? (await this.#storedKey(order));
    const url = upstreamUrl(upstream, call.tenant.environment, withKey(request, cfaKey));
    const prepared = { url, body: encodeBody(request.body), cfaKey };
    const patience = { remainingMs: () => order.remainingMs(), ...(call.signal && { signal: call.signal }) };
    let token = await tokens.get(question, patience);
    let resends = 0;
    let response = await this.#once(order, prepared, token, resends);
    // RFC 9449 section 9: the first 401 may only hand out the nonce that the proof lacked.
    if (token.dpop && proofs.learn(url, response.headers) && response.status === 401) {
      response = await this.#once(order, prepared, token, ++resends);
    }
    if (response.status === 401 && tokens.drop(question, token)) {
      token = await tokens.get(question, patience);
      response = await this.#once(order, prepared, token, ++resends);
      if (response.status === 401) tokens.spare(question);
    }
    return readable(order, response, cfaKey);
  }

  /** Where the key is what is asked about, to have none is the caller's mistake, who may bring one along (product.md 2.1). */
  async #storedKey({ call, adapter, request }: Order): Promise<string> {
    try {
      return await this.parts.credentials.cfaKey(call.tenant, adapter.id);
    } catch (thrown) {
      const { code, details } = asOpcoviaError(thrown);
      if (request.cfaKeyParameter === undefined || code !== 'UPSTREAM_AUTH') throw thrown;
      const detail = `Aucune clé à vérifier : joignez-la dans l'en-tête X-CFA-KEY. ${details.detail ?? ''}`.trim();
      throw fail('VALIDATION_ERROR', { detail, sent: 'not-sent' });
    }
  }

  async #once(order: Order, prepared: Prepared, token: AccessToken, resend: number): Promise<WireResponse> {
    const { adapter, call, request, routeClass, headersMs } = order;
    const { url, body } = prepared;
    const headers = this.#headers(order, prepared, token);
    if (token.dpop)
      headers['dpop'] = await this.parts.proofs.proof({ method: request.method, url, accessToken: token.text });
    await order.beforeSend(resend);
    return this.parts.wire.send(laneOf(adapter.id, call.tenant.environment, routeClass), {
      method: request.method,
      ...{ url, headers, timeoutMs: order.remainingMs() },
      ...(headersMs !== undefined && { headersMs }),
      ...(body && { body: body.open() }),
      ...(call.signal && { signal: call.signal }),
    });
  }

  #headers({ call }: Order, { body, cfaKey }: Prepared, token: AccessToken): Record<string, string> {
    const { editeur, logiciel, version } = this.parts.software;
    return {
      accept: 'application/json',
      'accept-encoding': 'identity',
      authorization: `${token.dpop ? 'DPoP' : 'Bearer'} ${token.text}`,
      'x-api-key': cfaKey,
      ...{ editeur, logiciel, version },
      'x-request-id': call.requestId,
      ...(call.traceparent !== undefined && { traceparent: call.traceparent }),
      ...(body && { 'content-type': body.contentType, 'content-length': String(body.size) }),
    };
  }
}

/** What a stored key is held to; the client's own key may come out of a query, where anything can be written. */
const headerValue = /^[\x21-\x7e]{1,512}$/;

function unusableKey(): Error {
  return fail('VALIDATION_ERROR', {
    detail: 'La clé du CFA doit compter de 1 à 512 caractères ASCII visibles.',
    sent: 'not-sent',
  });
}

/** The one route whose query names the key (norm.md 3.12b); URLs of calls are never logged. */
function withKey(request: UpstreamRequest, cfaKey: string): UpstreamRequest {
  const { cfaKeyParameter: name } = request;
  return name === undefined ? request : { ...request, query: { ...request.query, [name]: cfaKey } };
}

/** A deposit whose answer was cut has been answered all the same: its status decides. A read is simply asked again. */
function readable({ request }: Order, response: WireResponse, cfaKey: string): UpstreamResponse {
  if (response.cut && request.method === 'GET') throw response.cut;
  const { status, headers } = response;
  const text = response.body.toString('utf8');
  const mayRepeat = status >= 400 || request.cfaKeyParameter !== undefined;
  return { status, headers, body: response.cut ? undefined : parsed(mayRepeat ? without(cfaKey, text) : text) };
}

/** What an OPCO says is shown to callers and kept with jobs: where it repeats the key, nothing is given away. Short texts are no keys, and are everywhere. */
function without(cfaKey: string, text: string): string {
  return cfaKey.length < 8
    ? text
    : text.replaceAll(cfaKey, '•••').replaceAll(JSON.stringify(cfaKey).slice(1, -1), '•••');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
