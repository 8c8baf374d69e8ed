import { inChromium } from './chromium.mjs';

// Does in a real browser what an integrator does first: opens /docs, opens a read, presses Execute, reads the answer.

/** Evaluated in the page: presses Execute of GET /{opcoId}/status and gives the status of the answer. */
const press = `(async () => {
  const until = async (look) => {
    for (let tries = 0; tries < 200; tries++) {
      const found = look();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('not found in the page: ' + look);
  };
  const row = () => document.querySelector('[id$="status_status"]');
  const within = (selector) => row()?.querySelector(selector);
  await until(() => within('[aria-expanded="true"]') ?? (within('.opblock-summary-control')?.click(), undefined));
  (await until(() => within('button.execute'))).click();
  return (await until(() => within('.live-responses-table tbody .response-col_status'))).textContent.trim();
})()`;

/** The HTTP status that Swagger UI shows after Execute; '' when it never came. */
export const tryItOut = (url) => inChromium(`${url}/docs`, press);
