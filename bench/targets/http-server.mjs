import { createServer } from 'node:http';
import { body } from './body.mjs';

// The floor: node:http, one Buffer, no routing. A POST is read to its end and parsed, then answered with 202.

const accepted = Buffer.from('{"status":"pending"}');

const server = createServer((request, response) => {
  if (request.method !== 'POST') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
    return;
  }
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    JSON.parse(Buffer.concat(parts).toString());
    response.writeHead(202, { 'content-type': 'application/json', 'content-length': accepted.length });
    response.end(accepted);
  });
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => process.stdout.write('ready\n'));
