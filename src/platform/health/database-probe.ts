import { Inject, Injectable } from '@nestjs/common';
import { KEY_COVERAGE, type KeyCoverage } from '../crypto/key-coverage.js';
import { Database } from '../database/database.js';
import { migrations } from '../database/migrations.js';

/** What readiness asks of PostgreSQL; each question throws while it is away. */
@Injectable()
export class DatabaseProbe {
  constructor(
    private readonly database: Database,
    @Inject(KEY_COVERAGE) private readonly coverage: KeyCoverage,
  ) {}

  /** Whether the schema is the one that this version was written for. */
  async schemaFits(): Promise<boolean> {
    const [applied] = await this.database.asSystem((sql) =>
      sql.query<{ n: number }>('SELECT count(*)::int AS n FROM migrations'),
    );
    return applied?.n === migrations.length;
  }

  /** Ids of keys that still seal stored values and that the key ring lacks. */
  missingKeys(): Promise<readonly string[]> {
    return this.coverage.missing();
  }
}
