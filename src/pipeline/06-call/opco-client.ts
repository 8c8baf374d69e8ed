import type { OpcoAdapter, UpstreamRequest, UpstreamResponse } from '../../core/endpoint.js';
import { fail } from '../../core/errors.js';
import type { Call } from '../../core/exchange.js';
import type { DpopProofs } from './dpop.js';
import { laneOf, type Credentials, type SoftwareIdentity, type Upstream } from './identities.js';
import { encodeBody, type EncodedBody } from './multipart.js';
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
    const { tokens, proofs, credentials } = this.parts;
    const { adapter, upstream, request, call } = order;
    const url = upstreamUrl(upstream, call.tenant.environment, request);
    const question = { adapter, upstream, environment: call.tenant.environment };
    if (call.cfaKey !== undefined && !headerValue.test(call.cfaKey)) throw unusableKey();
    const cfaKey = call.cfaKey ?? (await credentials.cfaKey(call.tenant, adapter.id));
    const prepared = { url, body: encodeBody(request.body), cfaKey };
    let token = await tokens.get(question);
    let resends = 0;
    let response = await this.#once(order, prepared, token, resends);
    // RFC 9449 section 9: the first 401 may only hand out the nonce that the proof lacked.
    if (token.dpop && proofs.learn(url, response.headers) && response.status === 401) {
      response = await this.#once(order, prepared, token, ++resends);
    }
    if (response.status === 401 && tokens.drop(question, token)) {
      token = await tokens.get(question);
      response = await this.#once(order, prepared, token, ++resends);
      if (response.status === 401) tokens.spare(question);
    }
    return readable(order, response);
  }

  async #once(order: Order, prepared: Prepared, token: AccessToken, resend: number): Promise<WireResponse> {
    const { adapter, call, request } = order;
    const headers = await this.#headers(order, prepared, token);
    await order.beforeSend(resend);
    return this.parts.wire.send(laneOf(adapter.id, call.tenant.environment), {
      method: request.method,
      url: prepared.url,
      headers,
      timeoutMs: order.remainingMs(),
      ...(prepared.body && { body: prepared.body.bytes }),
      ...(call.signal && { signal: call.signal }),
    });
  }

  async #headers(
    { request, call }: Order,
    { url, body, cfaKey }: Prepared,
    token: AccessToken,
  ): Promise<Record<string, string>> {
    const { proofs, software } = this.parts;
    const proof = token.dpop
      ? { dpop: await proofs.proof({ method: request.method, url, accessToken: token.text }) }
      : {};
    return {
      accept: 'application/json',
      'accept-encoding': 'identity',
      authorization: `${token.dpop ? 'DPoP' : 'Bearer'} ${token.text}`,
      'x-api-key': cfaKey,
      editeur: software.editeur,
      logiciel: software.logiciel,
      version: software.version,
      'x-request-id': call.requestId,
      ...(call.traceparent === undefined ? {} : { traceparent: call.traceparent }),
      ...(body && { 'content-type': body.contentType }),
      ...proof,
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

/** A deposit whose answer was cut has been answered all the same: its status decides. A read is simply asked again. */
function readable({ request }: Order, response: WireResponse): UpstreamResponse {
  if (response.cut && request.method === 'GET') throw response.cut;
  const { status, headers } = response;
  return { status, headers, body: response.cut ? undefined : parsed(response.body) };
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
