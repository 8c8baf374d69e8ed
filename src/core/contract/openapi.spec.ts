import { DossierDeposit } from './dossier.js';
import { openApiSchema } from './openapi.js';

it('puts each named part under its name and refers to it', () => {
  const components: Record<string, unknown> = {};
  expect(openApiSchema(DossierDeposit, components)).toEqual({ $ref: '#/components/schemas/DossierDeposit' });
  expect(Object.keys(components).sort()).toEqual(
    expect.arrayContaining([
      'Adresse',
      'Apprenti',
      'Cerfa',
      'Contrat',
      'DossierDeposit',
      'Employeur',
      'Formation',
      'Maitre',
      'OrganismeFormation',
    ]),
  );
  expect(components['DossierDeposit']).toEqual({
    title: 'DossierDeposit',
    description: "Dépôt d'un contrat d'apprentissage",
    type: 'object',
    required: ['cerfa'],
    properties: { cerfa: { $ref: '#/components/schemas/Cerfa' } },
    additionalProperties: false,
  });
  expect(JSON.stringify(components)).not.toContain('$id');
});
