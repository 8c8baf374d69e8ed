import { Controller, Get, Param, Query } from '@nestjs/common';
import Type, { type Static } from 'typebox';
import { HistoryPage, KnownVersion } from '../../core/contract/history.js';
import { fail } from '../../core/errors.js';
import type { Tenant } from '../../core/tenant.js';
import { HistoryRepository } from '../../poller/history.repository.js';
import { CurrentTenant } from '../admission/current-tenant.decorator.js';
import { KnownOpcoPipe } from '../known-opco.pipe.js';
import { NumeroInternePipe } from '../numero-interne.pipe.js';
import { Describe, OpcoParam } from '../openapi/describe.decorator.js';
import { pageFields } from '../page-query.js';
import { readQuery } from '../read-query.js';

const HistoryQuery = Type.Object(
  {
    at: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'La version connue à cet instant, avec le dossier entier ; sans lui, la liste des versions',
      }),
    ),
    ...pageFields,
  },
  { additionalProperties: false },
);
type HistoryQuery = Static<typeof HistoryQuery>;

/** What was known of a dossier and when, out of our own records: the OPCO is not asked. */
@Controller(':opcoId/dossiers/:numeroInterne/historique')
@OpcoParam()
export class HistoryController {
  constructor(private readonly history: HistoryRepository) {}

  @Get()
  @Describe({
    tag: 'Dossiers',
    summary: "L'historique d'un dossier : ce que l'OPCO a dit, et quand",
    about:
      'De la version la plus récente à la plus ancienne, chacune avec ses différences champ par champ et son JSON Patch. Avec `at`, la version connue à cet instant exactement, dossier entier. Rien n’est demandé à l’OPCO ; 404 si rien n’est, ou n’était alors, connu.',
    query: HistoryQuery,
    answers: { 200: [HistoryPage, KnownVersion] },
    errors: ['VALIDATION_ERROR', 'NOT_FOUND', 'UNKNOWN_OPCO', 'NOT_SUPPORTED'],
  })
  read(
    @CurrentTenant() tenant: Tenant,
    @Param('opcoId', KnownOpcoPipe) opcoId: string,
    @Param('numeroInterne', NumeroInternePipe) numeroInterne: string,
    @Query() raw: Record<string, unknown>,
  ): Promise<HistoryPage | KnownVersion> {
    const { at, ...page } = readQuery<HistoryQuery>(HistoryQuery, raw);
    const name = { opcoId, numeroInterne };
    return at === undefined
      ? this.history.page(tenant.hash, name, page)
      : this.history.at(tenant.hash, name, instantOf(at));
  }
}

/** The format lets a leap second pass, which no clock here knows. */
function instantOf(at: string): Date {
  const instant = new Date(at);
  if (!Number.isNaN(instant.getTime())) return instant;
  throw fail('VALIDATION_ERROR', {
    findings: [{ pointer: '/query/at', code: 'format', message: 'Cet instant n’existe pas.' }],
  });
}
