import Fastify from 'fastify';
import { body } from './body.mjs';

// Fastify as its users write it: an object serialised by a schema; a POST parsed and answered with 202.

const app = Fastify();
const row = { type: 'object', additionalProperties: true };
const page = {
  type: 'object',
  properties: {
    data: { type: 'array', items: row },
    page: { type: 'integer' },
    limit: { type: 'integer' },
    total: { type: 'integer' },
    pad: { type: 'string' },
  },
};
const answer = JSON.parse(body.toString());

app.get('/*', { schema: { response: { 200: page } } }, async () => answer);
app.post('/*', async (_request, reply) => reply.code(202).send({ status: 'pending' }));
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
process.stdout.write('ready\n');
