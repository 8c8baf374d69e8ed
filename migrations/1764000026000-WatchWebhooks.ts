import type { MigrationInterface, QueryRunner } from 'typeorm';

const statuses = (words: string) =>
  `ALTER TABLE webhooks DROP CONSTRAINT webhooks_status_check, ADD CONSTRAINT webhooks_status_check CHECK (status IN (${words}))`;

/** The long tail of deliveries: limits, health and verification of a webhook, and runs of a delivery that is replayed. */
export class WatchWebhooks1764000026000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE webhooks
        ADD COLUMN concurrency integer CHECK (concurrency > 0),
        ADD COLUMN max_per_second integer CHECK (max_per_second > 0),
        ADD COLUMN rate_window_at timestamptz,
        ADD COLUMN rate_taken integer NOT NULL DEFAULT 0,
        ADD COLUMN consecutive_failures integer NOT NULL DEFAULT 0,
        ADD COLUMN failed_probes integer NOT NULL DEFAULT 0,
        ADD COLUMN failing_since timestamptz,
        ADD COLUMN patience_since timestamptz,
        ADD COLUMN next_probe_at timestamptz,
        ADD COLUMN verified_at timestamptz`);
    await runner.query(statuses(`'unverified', 'active', 'paused', 'disabled'`));
    // Attempts made before the run under way: a replay goes through the schedule again, its attempts count on.
    await runner.query('ALTER TABLE webhook_deliveries ADD COLUMN run_from integer NOT NULL DEFAULT 0');
    // A recovery owes events that the fan-out passed over; the policy of the application keeps it to the tenant's rows.
    await runner.query('GRANT INSERT ON webhook_deliveries TO opcovia_app');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('REVOKE INSERT ON webhook_deliveries FROM opcovia_app');
    await runner.query('ALTER TABLE webhook_deliveries DROP COLUMN run_from');
    // What nobody verified gets nothing, in the words of the version before.
    await runner.query(`UPDATE webhooks SET status = 'paused' WHERE status = 'unverified'`);
    await runner.query(statuses(`'active', 'paused', 'disabled'`));
    await runner.query(`
      ALTER TABLE webhooks
        DROP COLUMN concurrency, DROP COLUMN max_per_second, DROP COLUMN rate_window_at, DROP COLUMN rate_taken,
        DROP COLUMN consecutive_failures, DROP COLUMN failed_probes, DROP COLUMN failing_since,
        DROP COLUMN patience_since, DROP COLUMN next_probe_at, DROP COLUMN verified_at`);
  }
}
