import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, launch, processesMarked, stop } from '../../tools/running-product.mjs';
import { pinned } from '../lib/pinned.mjs';

/** Whether nginx is on the PATH of this machine. */
export function nginxFound() {
  return spawnSync('nginx', ['-v']).status === 0;
}

/** Writes a configuration with a cached door (/hit) and a plain one (/miss) to the same upstream; answers its path. */
export function writeNginxConfig(folder, { port, upstreamPort }) {
  for (const name of ['cache', 'temp', 'logs']) mkdirSync(join(folder, name), { recursive: true });
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  // As root, nginx would hand its workers to a user who cannot enter a private scratch folder.
  const config = `
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/logs/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  ${temps.map((name) => `${name}_temp_path ${folder}/temp/${name};`).join('\n  ')}
  proxy_cache_path ${folder}/cache keys_zone=bench:10m;
  upstream bare { server 127.0.0.1:${upstreamPort}; keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 100000000;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    location /hit { proxy_pass http://bare; proxy_cache bench; proxy_cache_valid 200 10m; add_header X-Cache $upstream_cache_status; }
    location / { proxy_pass http://bare; }
  }
}
`;
  const path = join(folder, 'nginx.conf');
  writeFileSync(path, config);
  return path;
}

async function answers(url) {
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline) {
    try {
      const answer = await fetch(url);
      await answer.arrayBuffer();
      if (answer.ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nginx does not answer at ${url}`);
}

/** Starts nginx in front of a bare server that runs already. */
export async function startNginx(upstreamPort) {
  const folder = mkdtempSync(join(tmpdir(), 'opcovia-bench-nginx-'));
  const port = await freePort();
  const config = writeNginxConfig(folder, { port, upstreamPort });
  const [command, ...args] = pinned('server', ['nginx', '-p', folder, '-c', config]);
  const program = launch(command, args, { cwd: folder, env: { OPCOVIA_BENCH_NGINX: folder } });
  const halt = async () => {
    await stop(program, 'SIGTERM', 5_000);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await answers(`http://127.0.0.1:${port}/hit`);
  } catch (error) {
    await halt();
    throw error;
  }
  return {
    name: 'nginx',
    url: `http://127.0.0.1:${port}`,
    headers: {},
    mainPid: program.child.pid,
    processes: () => processesMarked(folder),
    stop: halt,
  };
}
