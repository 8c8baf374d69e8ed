import { HttpException } from '@nestjs/common';
import { asOpcoviaError, type ErrorCode, fail, type FailureDetails, OpcoviaError } from '../../core/errors.js';

const detailOf: Partial<Record<ErrorCode, string>> = {
  NOT_FOUND: "Cette adresse n'existe pas.",
  PAYLOAD_TOO_LARGE: 'Le corps de la requête dépasse la taille permise.',
  UNSUPPORTED_MEDIA_TYPE: 'Envoyez du JSON en UTF-8 (Content-Type: application/json).',
  VALIDATION_ERROR: "Le corps de la requête n'est pas un JSON valide.",
  MALFORMED_REQUEST: 'La requête HTTP est mal formée.',
};

const codeOfFramework: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_EMPTY_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_INVALID_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'VALIDATION_ERROR',
  FST_ERR_CTP_INVALID_JSON_BODY: 'VALIDATION_ERROR',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'MALFORMED_REQUEST',
  FST_ERR_BAD_URL: 'MALFORMED_REQUEST',
  FST_ERR_MAX_PARAM_LENGTH: 'NOT_FOUND',
};

const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'VALIDATION_ERROR',
  403: 'HTTP_ERROR',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  406: 'NOT_ACCEPTABLE',
  408: 'REQUEST_TIMEOUT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  431: 'HEADERS_TOO_LARGE',
  503: 'SERVICE_UNAVAILABLE',
};

/** Whatever Nest, Fastify or our own code threw, as an entry of the catalogue; nothing of a foreign message survives. */
export function translateError(thrown: unknown): OpcoviaError {
  if (thrown instanceof OpcoviaError) return thrown;
  const code = foreignCode(thrown);
  if (!code) return asOpcoviaError(thrown);
  const detail = detailOf[code];
  const details: FailureDetails = { cause: thrown, ...(detail && { detail }) };
  if (code === 'VALIDATION_ERROR') {
    return fail(code, { ...details, findings: [{ pointer: '', code: 'json', message: detail ?? '' }] });
  }
  return fail(code, details);
}

function foreignCode(thrown: unknown): ErrorCode | undefined {
  if (thrown instanceof HttpException) return codeOfStatus[thrown.getStatus()];
  if (!(thrown instanceof Error)) return undefined;
  const { code, statusCode } = thrown as Error & { code?: string; statusCode?: number };
  const known = code ? codeOfFramework[code] : undefined;
  if (known) return known;
  // secure-json-parse and the JSON parser throw plain errors with a 400.
  return statusCode !== undefined && statusCode < 500 ? codeOfStatus[statusCode] : undefined;
}
