import { createHash, randomBytes } from 'node:crypto';
import { opcos } from './settings.mjs';

const dossiersEach = 4;

/** Speaks to the control door of the sandbox. */
export async function control(sandboxUrl, path, { method = 'POST', body } = {}) {
  const headers = { 'content-type': 'application/json' };
  const init = { method, ...(body !== undefined && { headers, body: JSON.stringify(body) }) };
  const answer = await fetch(`${sandboxUrl}/_sandbox/${path}`, init);
  if (!answer.ok) throw new Error(`the sandbox answered ${answer.status} to ${path}: ${await answer.text()}`);
  return answer.json();
}

/**
 * Registers a CFA with keys of its own and engaged dossiers at every OPCO. Its canary stands in the contracts and files that it
 * deposits and in its keys, and nowhere else.
 */
export async function registerTenant({ desk, sandbox }, name) {
  const canary = `Canari-${name}-${randomBytes(6).toString('hex')}`;
  const { key, tenant } = await desk.tenants.create({ nom: `CFA ${name}`, environment: 'test', actor: 'cli' });
  const cfas = {};
  for (const opcoId of opcos) {
    const cfaKey = `cle-${canary}-${opcoId}`;
    await control(sandbox.url, 'cfas', { body: { opcoId, apiKey: cfaKey } });
    await desk.credentials.put(tenant, { opcoId, key: cfaKey, actor: 'cli' });
    const fingerprint = createHash('sha256').update(cfaKey).digest('hex').slice(0, 12);
    cfas[opcoId] = { fingerprint, dossiers: await engagedDossiers(sandbox, opcoId, cfaKey) };
  }
  return { name, key, canaries: [canary, key], canary, cfas };
}

async function engagedDossiers(sandbox, opcoId, apiKey) {
  await control(sandbox.url, 'seed', { body: { opcoId, apiKey, dossiers: dossiersEach } });
  const dossiers = [...sandbox.world.cfa(opcoId, apiKey).dossiers.values()];
  for (const { numeroInterne } of dossiers)
    await control(sandbox.url, 'etat', { body: { opcoId, apiKey, numeroInterne, etat: 'ENGAGE' } });
  return dossiers.map(({ numeroInterne, numeroExterne }) => ({ numeroInterne, numeroExterne }));
}
