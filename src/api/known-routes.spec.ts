import { KnownRoutes } from './known-routes.js';

describe('the known routes', () => {
  const routes = new KnownRoutes();
  routes.add({ url: '/:opcoId/dossiers', method: 'POST' });
  routes.add({ url: '/:opcoId/dossiers', method: ['GET', 'HEAD'] });
  routes.add({ url: '/:opcoId/dossiers/:numeroInterne', method: 'GET' });
  routes.add({ url: '/docs/a.b', method: 'GET' });

  it('name the methods of a path, over all the patterns that fit it', () => {
    expect(routes.methodsOf('/akto/dossiers')).toEqual(['GET', 'HEAD', 'POST']);
    expect(routes.methodsOf('/akto/dossiers/INT-1')).toEqual(['GET']);
  });

  it.each(['/akto', '/akto/dossiers/', '/akto/dossiers/a/b', '//dossiers', '/docs/aXb', '*'])(
    'do not know %s',
    (path) => {
      expect(routes.methodsOf(path)).toEqual([]);
    },
  );
});
