import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { type Mailing, MOST_MAILINGS } from '../../../daemon/domain/report/mailing.js';
import { NO_ORGANISATION } from '../../../daemon/domain/report/processing.js';
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

  t.test('what is entered of the organisation takes the place of what was', async (t) => {
    const { catalogue, again } = await open(t);
    t.equal(await catalogue.organisation.get(), null);
    await catalogue.organisation.save({ ...NO_ORGANISATION, dpo: 'Ann' }, 'ada', 5);
    const organisation = { ...NO_ORGANISATION, dpo: 'Ben' };
    await catalogue.organisation.save(organisation, 'ben', 6);
    const kept = { organisation, changedBy: 'ben', changedAt: 6 };
    t.same(await (await again()).organisation.get(), kept);
  });

  t.test('a report by mail goes to users, and an address goes with the account', async (t) => {
    const { catalogue, again } = await open(t);
    const { mailings, people } = catalogue;
    for (const id of ['ada', 'ben', 'cy'])
      await people.add({ ...FOUNDER, id, name: id, passwordHash: 'x', createdAt: 9 });
    t.same(await mailings.list(), []);
    await mailings.save(aMailing('B'));
    await mailings.save(aMailing('A'));
    t.same(await (await again()).mailings.list(), [aMailing('A'), aMailing('B')]);
    const last = { at: 7, day: '2026-11-03', result: 'failed' as const, detail: 'No.' };
    const went = { ...aMailing('A').progress, failures: 2, failingSince: 6, nextAt: 8, last };
    await mailings.went('A', 4, went);
    t.same((await mailings.get('A'))!.progress, aMailing('A').progress, 'it was saved since');
    await mailings.went('A', 5, went);
    t.same((await mailings.get('A'))!.progress, went);
    const other = {
      ...aMailing('A'),
      day: 9,
      recipients: [{ person: 'cy', address: 'cy@x.example' }],
      setAt: 6,
    };
    await mailings.save(other);
    t.same(await mailings.get('A'), other);
    await people.remove('ben');
    t.same((await mailings.get('B'))!.recipients, [{ person: 'cy', address: 'cy@x.example' }]);
    t.same(await mailings.remove('B'), {
      ...aMailing('B'),
      recipients: [{ person: 'cy', address: 'cy@x.example' }],
    });
    t.same([await mailings.get('B'), await mailings.remove('B')], [null, null]);
    for (let n = 1; n < MOST_MAILINGS; n += 1) await mailings.save({ ...aMailing(`C${n}`), recipients: [] });
    await t.rejects(mailings.save(aMailing('D')), { code: 'mailings_full' });
    await mailings.save({ ...other, day: 4 });
  });
};

/** One that goes to Ben and Cy. */
export const aMailing = (id: string): Mailing => ({
  ...{ id, report: 'retention', period: 'last_month', day: 3, attach: true },
  recipients: [
    { person: 'ben', address: 'ben@x.example' },
    { person: 'cy', address: 'cy@x.example' },
  ],
  ...{ setBy: { id: 'ada', name: 'Ada' }, setAt: 5 },
  progress: { doneDay: '2026-10-03', failures: 0, failingSince: null, nextAt: 0, last: null },
});
