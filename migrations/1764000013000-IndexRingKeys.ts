import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which key of the ring wraps which data key, found without reading the table: the ring must hold every key still in use. */
export class IndexRingKeys1764000013000 implements MigrationInterface {
  /** Built beside the work: deposits insert into this table all day. */
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // What an interrupted attempt left is invalid.
    await runner.query('DROP INDEX IF EXISTS data_keys_ring_key');
    await runner.query("CREATE INDEX CONCURRENTLY data_keys_ring_key ON data_keys (split_part(wrapped, '.', 2))");
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX data_keys_ring_key');
  }
}
