import type { NewListed } from '../../../daemon/domain/policy/lists/number-list.js';
import type { Part } from '../catalogue.js';

const one = (number: string, more: Partial<NewListed> = {}): NewListed => ({
  number,
  note: '',
  until: null,
  ...more,
});
const list = (name: string, note = '') => ({ name, note, addedAt: 5, addedBy: 'ada' });

/** Lists of numbers. */
export const lists: Part = (t, open) => {
  t.test('a list keeps who made it when its note changes, and its numbers in their order', async (t) => {
    const { catalogue, again } = await open(t);
    t.same(await catalogue.lists.all(), []);
    await catalogue.lists.save(list('VIP'));
    await catalogue.lists.save({ ...list('VIP', 'Board'), addedAt: 9, addedBy: 'bob' });
    await catalogue.lists.save(list('Do not record'));
    const put = await catalogue.lists.put(
      'VIP',
      [one('+49 30 123', { note: 'Ann' }), one('0301', { until: 90 })],
      'eve',
      7,
      false,
    );
    t.match(put, { added: [{ number: '+49 30 123', list: 'VIP' }, { number: '0301' }], removed: [] });
    const other = await again();
    t.same(await other.lists.all(), [
      { ...list('Do not record'), numbers: 0 },
      { ...list('VIP', 'Board'), numbers: 2 },
    ]);
    const entries = await other.lists.entries({ list: 'VIP', limit: 9 });
    t.same(entries, put.added);
    t.match(entries, [{ note: 'Ann', until: null, addedBy: 'eve', addedAt: 7 }, { until: 90 }]);
  });

  t.test('numbers are found by pages, and by their digits in whatever notation', async (t) => {
    const { catalogue } = await open(t);
    await catalogue.lists.save(list('A'));
    await catalogue.lists.save(list('B'));
    const { added } = await catalogue.lists.put(
      'A',
      ['+49 (30) 12-34', '555', '99'].map((n) => one(n)),
      'ada',
      1,
      false,
    );
    await catalogue.lists.put('B', [one('555')], 'ada', 1, false);
    const found = async (filter: Parameters<typeof catalogue.lists.entries>[0]) =>
      (await catalogue.lists.entries(filter)).map(({ number }) => number);
    t.same(await found({ list: 'A', limit: 2 }), ['+49 (30) 12-34', '555']);
    t.same(await found({ list: 'A', after: added[1]!.id, limit: 2 }), ['99']);
    t.same(await found({ list: 'A', digits: '30 1', limit: 9 }), ['+49 (30) 12-34']);
    t.same(await found({ digits: '555', limit: 9 }), ['555', '555'], 'on any list');
  });

  t.test('numbers are replaced, taken off, and leave when their time is over', async (t) => {
    const { catalogue } = await open(t);
    await t.rejects(catalogue.lists.put('VIP', [one('1')], 'ada', 1, false), { code: 'list_unknown' });
    await t.rejects(catalogue.lists.remove('VIP'), { code: 'list_unknown' });
    await catalogue.lists.save(list('VIP'));
    await catalogue.lists.save(list('Other'));
    const first = await catalogue.lists.put('VIP', [one('11'), one('12')], 'ada', 1, false);
    const second = await catalogue.lists.put(
      'VIP',
      [one('13'), one('14', { until: 50 }), one('15')],
      'ada',
      2,
      true,
    );
    t.same(
      second.removed,
      first.added.map(({ id }) => id),
    );
    const [thirteen, fourteen, fifteen] = second.added.map(({ id }) => id);
    t.same(
      await catalogue.lists.drop('Other', [thirteen!]),
      { added: [], removed: [] },
      'not of another list',
    );
    t.same(await catalogue.lists.drop('VIP', [thirteen!, 77]), { added: [], removed: [thirteen] });
    t.same(await catalogue.lists.forget(49), { added: [], removed: [] });
    t.same(await catalogue.lists.forget(50), { added: [], removed: [fourteen] });
    t.same(await catalogue.lists.remove('VIP'), { added: [], removed: [fifteen] });
    t.match(await catalogue.lists.all(), [{ name: 'Other' }]);
    t.same(await catalogue.lists.entries({ limit: 9 }), []);
  });
};
