import type { RunningOpcovia } from '../app.start.js';
import { welcome } from './banner.js';

const running = { staffUrl: 'http://127.0.0.1:9464' } as RunningOpcovia;
const printed = (allowedNetworks: string) =>
  welcome({ running, demo: undefined, sandboxUrl: undefined, allowedNetworks, seconds: 1 });

describe('the welcome', () => {
  it('names the private networks that webhooks may reach, and says nothing where there are none', () => {
    expect(printed('127.0.0.1/32:4000')).toContain('Webhooks permis aussi vers : 127.0.0.1/32:4000');
    expect(printed('')).not.toContain('Webhooks');
  });
});
