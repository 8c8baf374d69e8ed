import { DataSource } from 'typeorm';
import { ownerOptions } from './src/platform/database/data-source.js';

/** For the TypeORM command line; the product itself migrates through `npm run migrate`. */
export default new DataSource(ownerOptions(process.env.DATABASE_URL ?? ''));
