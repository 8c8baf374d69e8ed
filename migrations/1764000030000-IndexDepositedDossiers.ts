import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether a deposit of ours made a dossier is asked for each one that is seen for the first time: twenty thousand in one synchronisation. */
export class IndexDepositedDossiers1764000030000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX events_deposited_dossier ON events (tenant_hash, opco_id, (data ->> 'numeroInterne'))
        WHERE type = 'job.completed'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX events_deposited_dossier');
  }
}
