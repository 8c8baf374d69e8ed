/** What is measured: the request, and what each bare neighbour does in its place. */
export const rows = [
  {
    name: 'hit',
    title: 'cached read',
    path: '/akto/dossiers/etats?page=1',
    method: 'GET',
    headers: {},
    connections: 32,
    nginxPath: '/hit',
    nginxDoes: 'proxy_cache HIT',
    env: {},
  },
  {
    name: 'miss',
    title: 'read that asks the sandbox',
    path: '/akto/dossiers/etats?page=1',
    method: 'GET',
    headers: { 'cache-control': 'no-cache' },
    connections: 16,
    nginxPath: '/miss',
    nginxDoes: 'proxy_pass',
    env: {},
  },
  {
    name: 'accept',
    title: 'durable accept of a 4 kB deposit',
    path: '/opco-ep/documents',
    method: 'POST',
    headers: {},
    connections: 32,
    deposit: true,
    nginxPath: undefined,
    nginxDoes: undefined,
    // The accept alone: workers that execute the deposits meanwhile would be counted with it.
    env: { OPCOVIA_ROLES: 'api,hub' },
  },
];
