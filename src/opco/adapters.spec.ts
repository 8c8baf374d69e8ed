import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { adapterConformance } from '../../test/conformance/adapter.js';
import { adapterOf, adapters } from './adapters.js';

for (const adapter of adapters) adapterConformance(adapter);

it('lists an adapter for each OPCO folder, under the name of the folder', () => {
  const folders = readdirSync(join(__dirname), { withFileTypes: true }).filter(
    (each) => each.isDirectory() && each.name !== 'convergence',
  );
  expect(adapters.map(({ id }) => id).sort()).toEqual(folders.map(({ name }) => name).sort());
});

it('knows no adapter for a slug that is none', () => {
  expect(adapterOf('../akto')).toBeUndefined();
  expect(adapterOf('AKTO')).toBeUndefined();
});
