import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { OpcoviaError } from '../core/errors.js';
import type { Tenant } from '../core/tenant.js';
import { adapters } from '../opco/adapters.js';
import { Admission } from '../tenancy/admission.js';
import { OpcoClientsRepository } from '../tenancy/opco-clients.repository.js';
import { OpcoCredentialsRepository } from '../tenancy/opco-credentials.repository.js';
import { TenantsRepository } from '../tenancy/tenants.repository.js';
import { createPrivate, readIfThere } from './state-files.js';

const actor = 'system:demo';

/** Where the demo tenant lives, and how many dossiers an empty sandbox gets for it at each OPCO. */
export interface DemoSettings {
  readonly apiKey: string;
  readonly sandboxUrl: string;
  readonly dossiers: number;
}

/** The demo key of this state directory: made once, the same at every start. */
export function demoKey(stateDir: string): string {
  const path = join(stateDir, 'demo-key');
  if (readIfThere(path) === undefined) createPrivate(path, `opv_test_${randomBytes(32).toString('base64url')}\n`);
  return readIfThere(path)?.trim() ?? '';
}

/** What the welcome can speak of. */
export interface DemoTenant {
  readonly apiKey: string;
  /** A dossier that the sandbox really has, per OPCO. */
  readonly numeros: Readonly<Record<string, string>>;
}

/**
 * The tenant behind the demo key, with the sandbox's public demo credentials at every OPCO. Asked for at each start: what is
 * already there stays.
 */
export async function ensureDemoTenant(api: NestFastifyApplication, settings: DemoSettings): Promise<DemoTenant> {
  const { apiKey } = settings;
  await registerOnce(api.get(TenantsRepository), apiKey);
  const tenant = await api.get(Admission).admitTenant(apiKey);
  const numeros: Record<string, string> = {};
  for (const { id } of adapters) {
    await storeIdentities(api, tenant, id);
    numeros[id] = await showDossiers(settings, id);
  }
  return { apiKey, numeros };
}

const sandboxCfaKey = (opcoId: string) => `sandbox-cfa-key-${opcoId}`;

/** The two identities upstream, software and CFA, as the sandbox publishes them. */
async function storeIdentities(api: NestFastifyApplication, { hash }: Tenant, opcoId: string): Promise<void> {
  const clients = api.get(OpcoClientsRepository);
  const credentials = api.get(OpcoCredentialsRepository);
  const known = await clients.software(opcoId, 'test').catch(() => undefined);
  if (!known) {
    const clientSecret = `sandbox-secret-${opcoId}`;
    await clients.set({ opcoId, environment: 'test', clientId: 'opcovia-demo', clientSecret, actor });
  }
  if (!(await credentials.find(hash, opcoId)))
    await credentials.put(hash, { opcoId, key: sandboxCfaKey(opcoId), actor });
}

async function registerOnce(tenants: TenantsRepository, importedKey: string): Promise<void> {
  try {
    await tenants.create({ nom: 'CFA de démonstration', environment: 'test', importedKey, actor });
  } catch (error) {
    if (!(error instanceof OpcoviaError && error.code === 'CONFLICT')) throw error;
  }
}

/** Fills an empty sandbox, so that the first curl line has something to show; gives the number of one dossier. */
async function showDossiers({ sandboxUrl, dossiers }: DemoSettings, opcoId: string): Promise<string> {
  const response = await fetch(`${sandboxUrl}/_sandbox/seed`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ opcoId, apiKey: sandboxCfaKey(opcoId), dossiers, onlyIfEmpty: true }),
  });
  if (!response.ok) throw new Error(`the sandbox refused its demo data (${response.status})`);
  const { premier } = (await response.json()) as { premier: string | null };
  return premier ?? '';
}
