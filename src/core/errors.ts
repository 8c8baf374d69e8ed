/** One entry per failure that a caller can meet. Codes are stable and never recycled; `docs/errors.md` mirrors this list. */
export interface CatalogueEntry {
  readonly status: number;
  /** French, shown as `title`. */
  readonly title: string;
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: boolean;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
}

const entry = (status: number, title: string, retryable = false, level: CatalogueEntry['level'] = 'info') =>
  ({ status, title, retryable, level }) satisfies CatalogueEntry;

/** The catalogue of product.md 2.5. */
export const catalogue = {
  VALIDATION_ERROR: entry(400, 'Requête invalide'),
  IDEMPOTENCY_KEY_INVALID: entry(400, "Clé d'idempotence invalide"),
  MALFORMED_REQUEST: entry(400, 'Requête mal formée'),
  STAFF_TOKEN_REFUSED: entry(401, "Jeton d'équipe absent ou refusé"),
  HTTP_ERROR: entry(403, 'Accès refusé'),
  STAFF_ROLE_MISSING: entry(403, "Droits d'équipe insuffisants"),
  NOT_FOUND: entry(404, 'Ressource introuvable'),
  UNKNOWN_OPCO: entry(404, 'OPCO inconnu'),
  METHOD_NOT_ALLOWED: entry(405, 'Méthode non autorisée'),
  NOT_ACCEPTABLE: entry(406, 'Format de réponse non disponible'),
  REQUEST_TIMEOUT: entry(408, 'Requête trop lente', true),
  CONFLICT: entry(409, 'Conflit avec un état existant'),
  PAYLOAD_TOO_LARGE: entry(413, 'Corps de requête trop volumineux'),
  UNSUPPORTED_MEDIA_TYPE: entry(415, 'Type de contenu non pris en charge'),
  EXPECTATION_FAILED: entry(417, 'Attente non satisfaite'),
  IDEMPOTENCY_MISMATCH: entry(422, "Clé d'idempotence déjà utilisée pour un autre contenu"),
  BUSINESS_RULE: entry(422, 'Règle métier non respectée'),
  UPSTREAM_REJECTED: entry(422, "Refusé par l'OPCO"),
  RATE_LIMITED: entry(429, 'Trop de requêtes', true),
  HEADERS_TOO_LARGE: entry(431, 'En-têtes trop volumineux'),
  INTERNAL_ERROR: entry(500, 'Erreur interne', true, 'error'),
  NOT_SUPPORTED: entry(501, "Non proposé par l'OPCO"),
  UPSTREAM_AUTH: entry(502, "Authentification refusée par l'OPCO", false, 'warn'),
  UPSTREAM_INVALID: entry(502, "Réponse de l'OPCO inexploitable", true, 'warn'),
  UPSTREAM_ERROR: entry(502, "Erreur de l'OPCO", true, 'warn'),
  UPSTREAM_UNAVAILABLE: entry(503, 'OPCO momentanément indisponible', true, 'warn'),
  OVERLOADED: entry(503, 'Service saturé', true, 'warn'),
  SERVICE_UNAVAILABLE: entry(503, 'Service momentanément indisponible', true, 'error'),
  UPSTREAM_TIMEOUT: entry(504, "L'OPCO n'a pas répondu à temps", true, 'warn'),
} as const satisfies Record<string, CatalogueEntry>;

/** A code of the catalogue. */
export type ErrorCode = keyof typeof catalogue;

/** One thing wrong with a request. `pointer` is a JSON pointer (RFC 6901) into the body, or `/query/<name>`, `/path/<name>`. */
export interface Finding {
  readonly pointer: string;
  readonly code: string;
  /** French. */
  readonly message: string;
}

/** What an OPCO answered, redacted to what the owner of the request may read. */
export interface UpstreamFault {
  readonly opcoId: string;
  readonly status: number;
  readonly code?: string;
  readonly message?: string;
}

/** What is known about the bytes of a failed upstream call; decides whether a deposit may be sent again. */
export type SentState = 'not-sent' | 'maybe-sent' | 'answered';

/** What a failure carries besides its code. */
export interface FailureDetails {
  /** French; the catalogue's title when absent. */
  readonly detail?: string;
  readonly findings?: readonly Finding[];
  readonly upstream?: UpstreamFault;
  /** Whole seconds, at least 1; sent as `Retry-After`. */
  readonly retryAfterSeconds?: number;
  readonly sent?: SentState;
  /**
   * Of UPSTREAM_UNAVAILABLE: `unconfigured` when no address is known for the tenant's environment, which says nothing about the
   * OPCO; `breaker` when its recent failures hold calls back.
   */
  readonly unavailable?: 'unconfigured' | 'breaker';
  /** RATE_LIMITED: this tenant alone has to wait. */
  readonly ofOne?: boolean;
  readonly cause?: unknown;
}

/** The only class thrown on purpose. Its `message` is the code: nothing else may reach a log line by accident. */
export class OpcoviaError extends Error {
  override readonly name = 'OpcoviaError';

  constructor(
    readonly code: ErrorCode,
    readonly details: FailureDetails = {},
  ) {
    super(code, details.cause === undefined ? undefined : { cause: details.cause });
  }

  get entry(): CatalogueEntry {
    return catalogue[this.code];
  }
}

/** Makes the failure that a stage or an action throws. */
export function fail(code: ErrorCode, details?: FailureDetails): OpcoviaError {
  return new OpcoviaError(code, details);
}

/** Whatever was thrown, as a catalogue failure; the unknown becomes INTERNAL_ERROR and keeps its cause for the log. */
export function asOpcoviaError(thrown: unknown): OpcoviaError {
  return thrown instanceof OpcoviaError ? thrown : new OpcoviaError('INTERNAL_ERROR', { cause: thrown });
}
