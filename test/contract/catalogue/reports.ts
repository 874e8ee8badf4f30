import type { Part } from '../catalogue.js';

const made = (entry: number) => ({
  ...{ entry, text: `{"entry":${entry}}`, signature: 'S', keyId: 'K', madeAt: 9 },
});

/** Reports that were given out. */
export const reports: Part = (t, open) => {
  t.test('a report stays as it was signed, by the number of its entry', async (t) => {
    const { catalogue, again } = await open(t);
    const { madeReports } = catalogue;
    t.same(await madeReports.list({ limit: 9 }), []);
    t.equal(await madeReports.get(4), null);
    for (const entry of [4, 17, 2]) await madeReports.keep(made(entry));
    await t.rejects(madeReports.keep({ ...made(17), text: 'other' }), { code: 'internal' });
    const other = (await again()).madeReports;
    t.same(await other.get(17), made(17));
    t.same(await other.list({ limit: 2 }), [made(17), made(4)], 'newest first');
    t.same(await other.list({ before: 4, limit: 2 }), [made(2)]);
  });
};
