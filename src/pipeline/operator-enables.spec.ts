import { adapters } from '../opco/adapters.js';
import { operatorEnables } from './operator-enables.js';

it('vouches for what the setting names, and for nothing else', () => {
  const enables = operatorEnables(adapters, [
    { opcoId: 'opco-ep', capability: 'dossier-v2' },
    { opcoId: 'opco-2i', capability: 'depositDocument' },
  ]);
  expect(enables('opco-ep', 'dossier-v2')).toBe(true);
  expect(enables('opco-2i', 'depositDocument')).toBe(true);
  expect(enables('opco-ep', 'depositDossier-v2')).toBe(false);
  expect(enables('afdas', 'depositDocument')).toBe(false);
});

it.each([
  ['afdas', 'cfakeyinfo'],
  ['akto', 'dossier'],
  ['akto', 'dossier-v2'],
] as const)('refuses %s:%s, which is absent or served anyway', (opcoId, capability) => {
  expect(() => operatorEnables(adapters, [{ opcoId, capability }])).toThrow('OPCOVIA_ENABLED_CAPABILITIES');
});
