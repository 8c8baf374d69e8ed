import type { MigrationInterface, QueryRunner } from 'typeorm';

const indexes = {
  // Whether a webhook has anything due, however much it has waiting.
  webhook_deliveries_due: `webhook_deliveries (webhook_id, next_attempt_at) WHERE status = 'pending'`,
  webhook_deliveries_dead: `webhook_deliveries (webhook_id, sequence DESC) WHERE status = 'failed'`,
  // An event takes its deliveries with it.
  webhook_deliveries_event: 'webhook_deliveries (event_id)',
  events_age: 'events (at)',
};

/** What the delivery, the list of dead letters and the purge of events look for. */
export class IndexDeliveries1764000026500 implements MigrationInterface {
  /** Built beside the work: events are written all day. */
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const [name, on] of Object.entries(indexes)) {
      // What an interrupted attempt left is invalid.
      await runner.query(`DROP INDEX IF EXISTS ${name}`);
      await runner.query(`CREATE INDEX CONCURRENTLY ${name} ON ${on}`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of Object.keys(indexes)) await runner.query(`DROP INDEX ${name}`);
  }
}
