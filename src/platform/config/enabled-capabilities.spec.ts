import { readEnv } from './read-env.js';
import { parseEnabledCapabilities } from './enabled-capabilities.js';

const parsed = (value: string) => parseEnabledCapabilities(readEnv({ OPCOVIA_ENABLED_CAPABILITIES: value }));

it('reads capabilities and versions on trial, one OPCO each', () => {
  expect(parsed('opco-ep:dossier-v2, opco-2i:depositDocument,')).toEqual([
    { opcoId: 'opco-ep', capability: 'dossier-v2' },
    { opcoId: 'opco-2i', capability: 'depositDocument' },
  ]);
  expect(parsed('')).toEqual([]);
});

it.each(['opco-xy:dossier', 'akto', 'akto:dossiers', 'akto:dossier-v3', 'akto:dossier:v2', 'akto:'])(
  'stops the start over %s, with the name of the variable and not its value',
  (value) => {
    expect(() => parsed(value)).toThrow(/OPCOVIA_ENABLED_CAPABILITIES: it names an unknown (OPCO|capability)$/);
  },
);
