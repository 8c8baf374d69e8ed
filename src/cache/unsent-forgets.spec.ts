import { aTenant } from '../../test/support/an-exchange.js';
import { UnsentForgets } from './unsent-forgets.js';

const tenant = aTenant().hash;
const noticeOf = (...entities: string[]) => ({ opcoId: 'akto', tenant, entities });

describe('forgets that the store has not confirmed', () => {
  it('make doubtful what they name, until they are confirmed', () => {
    const unsent = new UnsentForgets();
    const [one, two] = [noticeOf('etats', 'dossier:1'), noticeOf('etats')];
    unsent.add(one);
    unsent.add(two);
    unsent.confirm(one);
    expect([unsent.has('akto', tenant, ['x', 'etats']), unsent.has('akto', tenant, ['dossier:1'])]).toEqual([
      true,
      false,
    ]);
    expect(unsent.has('afdas', tenant, ['etats'])).toBe(false);
    expect(unsent.has('akto', aTenant('another one').hash, ['etats'])).toBe(false);
    unsent.confirm(two);
    expect(unsent.empty).toBe(true);
  });

  it('wait as one when lost, and longer than what was being sent meanwhile', () => {
    const unsent = new UnsentForgets();
    const [one, two] = [noticeOf('etats'), noticeOf('dossier:1')];
    unsent.add(one);
    unsent.add(two);
    unsent.lose(one);
    unsent.confirm(two);
    expect(unsent.list()).toEqual([noticeOf('etats', 'dossier:1')]);
  });

  it('become a forget of all reads when too many are lost', () => {
    const unsent = new UnsentForgets();
    const many = noticeOf(...Array.from({ length: 101 }, (_, n) => `dossier:${n}`));
    unsent.add(many);
    unsent.lose(many);
    expect(unsent.list()).toEqual([noticeOf('reads')]);
  });
});
