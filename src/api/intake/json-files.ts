import { compileContract, type CompiledContract } from '../../core/contract/check.js';
import { base64 } from '../../core/contract/scalars.js';
import type { DepositFile } from '../../core/deposit-file.js';
import type { Finding } from '../../core/errors.js';
import { fileOf } from '../../queue/job-payload.js';
import { judgeName, pointerOf, type Received } from './received.js';

/** Parts the files of a JSON body (`_files`: name -> base64) from the rest of it. What is not base64 becomes a finding. */
export function takeJsonFiles(
  body: unknown,
  mostBytes: number,
): { readonly body: unknown; readonly received: Received } {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, '_files'))
    return { body, received: { files: [], findings: [] } };
  const { _files: given, ...rest } = body as Record<string, unknown>;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const finding = { pointer: '/_files', code: 'type', message: 'Attendu : un objet, nom de fichier → base64.' };
    return { body: rest, received: { files: [], findings: [finding] } };
  }
  const files: DepositFile[] = [];
  const findings: Finding[] = [];
  if (Object.keys(given).length === 0)
    findings.push({ pointer: '/_files', code: 'too_few', message: 'Au moins un fichier, ou pas de `_files`.' });
  for (const [name, text] of Object.entries(given)) {
    const wrong = [...judgeName(name), ...judgeText(name, text, mostBytes)];
    if (wrong.length > 0) findings.push(...wrong);
    else files.push(fileOf(name, Buffer.from(text as string, 'base64')));
  }
  return { body: rest, received: { files, findings } };
}

function judgeText(name: string, text: unknown, mostBytes: number): readonly Finding[] {
  const pointer = pointerOf(name);
  return contractOf(mostBytes)
    .check(text)
    .map(({ code, message }) => ({ pointer, code: code === 'refused' ? 'base64' : code, message }));
}

const contracts = new Map<number, CompiledContract>();

/** One contract a limit, and there is one limit: that of the configuration. */
function contractOf(mostBytes: number): CompiledContract {
  let contract = contracts.get(mostBytes);
  if (!contract) contracts.set(mostBytes, (contract = compileContract(base64(mostBytes, ''))));
  return contract;
}
