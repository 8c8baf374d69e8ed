import { Client } from 'pg';
import type { Product } from './product.js';

/** What a refused request must not move: rows of jobs, and requests that the OPCOs saw (states and health are read all the time). */
export async function traces({ databaseUrl, sandbox }: Product): Promise<{ jobs: number; calls: number }> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ n: number }>('SELECT count(*)::int AS n FROM jobs');
    const calls = sandbox.world.ledger
      .read({})
      .filter(({ method, path }) => !/token/.test(path) && (method === 'POST' || !/(etats|status)$/.test(path)));
    return { jobs: rows[0]?.n ?? -1, calls: calls.length };
  } finally {
    await client.end();
  }
}
