/** The answer of the bare servers: 1517 bytes of JSON, the size of a usual page of states. */
export const body = (() => {
  const rows = Array.from({ length: 12 }, (_, index) => ({
    numeroInterne: `2026-${String(index).padStart(6, '0')}`,
    numeroExterne: `CFA-${String(index).padStart(5, '0')}`,
    etat: 'ENGAGE',
    dateEtat: '2026-09-01',
  }));
  const text = JSON.stringify({ data: rows, page: 1, limit: 50, total: 12, pad: '' });
  return Buffer.from(text.replace('"pad":""', `"pad":"${'x'.repeat(1517 - text.length)}"`));
})();
