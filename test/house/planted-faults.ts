/** One fault per import rule: the file that commits it and the import that it commits. */
export interface PlantedFault {
  readonly rule: string;
  readonly file: string;
  readonly imports: string;
}

const fault = (rule: string, file: string, imports: string): PlantedFault => ({ rule, file, imports });

/** `imports` is a package name or a file named from the root. */
export const plantedFaults: readonly PlantedFault[] = [
  fault('core-imports-nothing-of-ours', 'src/core/greedy.ts', 'src/platform/clean.ts'),
  fault('opco-imports-core-only', 'src/opco/akto/greedy.ts', 'src/platform/clean.ts'),
  fault('sandbox-imports-core-and-opco-only', 'src/sandbox/greedy.ts', 'src/platform/clean.ts'),
  fault('platform-imports-core-only', 'src/platform/greedy.ts', 'src/tenancy/clean.ts'),
  fault('ledger-imports-core-and-platform', 'src/audit/greedy.ts', 'src/cache/clean.ts'),
  fault('cache-imports-core-and-platform', 'src/cache/greedy.ts', 'src/hub/clean.ts'),
  fault('hub-imports-core-and-platform', 'src/hub/greedy.ts', 'src/cache/clean.ts'),
  fault('a-stage-imports-core-and-opco', 'src/pipeline/03-read-cache/greedy.stage.ts', 'src/cache/clean.ts'),
  fault('a-room-imports-core-opco-and-the-shell', 'src/pipeline/06-call/greedy.ts', 'src/platform/clean.ts'),
  fault('pipeline-module-stays-below-the-doors', 'src/pipeline/pipeline.module.ts', 'src/queue/clean.ts'),
  fault('webhooks-imports-core-platform-ledger', 'src/webhooks/greedy.ts', 'src/cache/clean.ts'),
  fault('queue-drives-the-runner-only', 'src/queue/greedy.ts', 'src/pipeline/pipeline.ts'),
  fault('poller-drives-the-runner-only', 'src/poller/greedy.ts', 'src/opco/adapters.ts'),
  fault('sync-drives-the-runner-only', 'src/sync/greedy.ts', 'src/queue/clean.ts'),
  fault('queue-module-wires-the-runner-only', 'src/queue/queue.module.ts', 'src/pipeline/pipeline.ts'),
  fault('poller-module-wires-the-runner-only', 'src/poller/poller.module.ts', 'src/webhooks/clean.ts'),
  fault('sync-module-wires-the-runner-only', 'src/sync/sync.module.ts', 'src/queue/clean.ts'),
  fault('api-reads-data-and-modules', 'src/api/greedy.ts', 'src/opco/akto/words.ts'),
  fault('admin-reads-data-and-modules', 'src/admin/greedy.ts', 'src/pipeline/pipeline.ts'),
  fault('no-cycles', 'src/events/egg.ts', 'src/events/hen.ts'),
  fault('pure-code-knows-no-framework', 'src/core/framed.ts', '@nestjs/common'),
  fault('rooms-do-not-know-each-other', 'src/pipeline/05-transform-request/nosy.ts', 'src/pipeline/06-call/clean.ts'),
  fault('nobody-imports-the-api', 'src/dev/greedy.ts', 'src/api/clean.ts'),
  fault('nobody-imports-the-sandbox-but-dev', 'src/app.module.ts', 'src/sandbox/clean.ts'),
  fault('nobody-imports-dev-but-main', 'src/app.module.ts', 'src/dev/clean.ts'),
  fault('nobody-imports-an-entry', 'src/dev/backwards.ts', 'src/main.ts'),
  fault('no-barrels', 'src/tenancy/lazy.ts', 'src/tenancy/index.ts'),
  fault('no-unresolvable-imports', 'src/events/lost.ts', 'src/events/nowhere.ts'),
  fault('no-development-packages-in-the-product', 'src/platform/untidy.ts', 'jest'),
  fault('rxjs-has-one-door', 'src/hub/streaming.ts', 'rxjs'),
  fault('ioredis-has-four-doors', 'src/queue/direct.ts', 'ioredis'),
  fault('typeorm-stays-with-the-tables', 'src/tenancy/direct.ts', 'typeorm'),
  fault('bullmq-stays-with-the-workers', 'src/poller/direct.ts', 'bullmq'),
];

/** Imports that look like a fault and are allowed; `rule` names the rule that must stay silent. */
export const allowedImports: readonly PlantedFault[] = [
  fault('queue-module-wires-the-runner-only', 'src/sync/sync.module.ts', 'src/pipeline/pipeline.module.ts'),
  fault('queue-drives-the-runner-only', 'src/queue/deposit.processor.ts', 'src/pipeline/pipeline.runner.ts'),
  fault('rxjs-has-one-door', 'src/pipeline/stage.interceptor.ts', 'rxjs'),
  fault('ioredis-has-four-doors', 'src/platform/redis/connect.ts', 'ioredis'),
  fault('typeorm-stays-with-the-tables', 'src/tenancy/tenant.repository.ts', 'typeorm'),
  fault('bullmq-stays-with-the-workers', 'src/queue/deposit.processor.ts', 'bullmq'),
  fault('api-reads-data-and-modules', 'src/api/capabilities.ts', 'src/opco/akto/adapter.ts'),
  fault(
    'a-room-imports-core-opco-and-the-shell',
    'src/pipeline/06-call/call.interceptor.ts',
    'src/pipeline/stage.interceptor.ts',
  ),
];
