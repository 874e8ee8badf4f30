import type { NewStanding, StandingDocument } from '../../../daemon/domain/policy/standing/standing.js';
import { aDocument, aStanding } from '../../support/catalogue/every-row.js';
import type { Part } from '../catalogue.js';

/** Standing consents and objections. */
export const consents: Part = (t, open) => {
  const objection = (number: string, more: Partial<NewStanding> = {}) => ({ ...aStanding(number), ...more });

  t.test('what was entered is found again as it was, by pages and by digits', async (t) => {
    const { catalogue, again } = await open(t);
    const { consents } = catalogue;
    t.equal(await consents.get(1), null);
    t.same(await consents.list({ limit: 9 }), []);
    const document: StandingDocument = aDocument();
    const [one] = await consents.add(
      [objection('+49 30 123', { kind: 'consent', contact: 'Ann', extensions: ['101'], until: 90 })],
      'eve',
      7,
      document,
    );
    const two = await consents.add(
      [objection('0301'), objection('0302', { queues: ['sales'] })],
      'ada',
      8,
      null,
    );
    const other = (await again()).consents;
    t.same(await other.list({ limit: 9 }), [two[1], two[0], one]);
    t.match(one, {
      ...{ kind: 'consent', number: '+49 30 123', contact: 'Ann', extensions: ['101'], queues: [] },
      ...{ until: 90, addedAt: 7, addedBy: 'eve', withdrawnAt: null, withdrawnBy: '', document },
    });
    t.same(await other.get(one!.id), one);
    t.equal(await other.count(), 3);
    t.same(await other.list({ before: two[1]!.id, limit: 1 }), [two[0]]);
    t.same(await other.list({ digits: '30-12', limit: 9 }), [one]);
  });

  t.test('one is withdrawn and its document erased, once, and both stay', async (t) => {
    const { catalogue } = await open(t);
    const { consents } = catalogue;
    await t.rejects(consents.withdraw(5, 'ada', 1), { code: 'consent_unknown' });
    await t.rejects(consents.documentErased(5, 'ada', 1), { code: 'consent_unknown' });
    const [one] = await consents.add([objection('0301')], 'ada', 8, aDocument());
    const [two] = await consents.add([objection('0302')], 'ada', 8, null);
    t.match(await consents.withdraw(one!.id, 'bob', 20), { withdrawnAt: 20, withdrawnBy: 'bob' });
    t.match(await consents.withdraw(one!.id, 'eve', 30), { withdrawnAt: 20, withdrawnBy: 'bob' });
    t.match(await consents.documentErased(one!.id, 'bob', 40), {
      document: { erasedAt: 40, erasedBy: 'bob' },
    });
    await consents.documentErased(one!.id, 'eve', 50);
    t.same(await consents.get(one!.id), {
      ...one,
      ...{ withdrawnAt: 20, withdrawnBy: 'bob' },
      document: { ...aDocument(), erasedAt: 40, erasedBy: 'bob' },
    });
    t.same(await consents.documentErased(two!.id, 'bob', 40), two, 'there is none');
  });

  t.test('of one that is erased there remains that there was one, with the reason', async (t) => {
    const { catalogue, again } = await open(t);
    const { consents } = catalogue;
    await t.rejects(consents.erase(5, 'ada', 1, 'Asked'), { code: 'consent_unknown' });
    const about = { contact: 'Ann', extensions: ['101'], queues: ['sales'], until: 90 };
    const [one] = await consents.add([objection('0301', about)], 'ada', 8, null);
    const [two] = await consents.add([objection('0302')], 'ada', 8, aDocument());
    const erased = {
      ...{ ...one, number: '', contact: '', extensions: [], queues: [], how: '' },
      ...{ withdrawnAt: 20, withdrawnBy: 'bob', erasedAt: 20, erasedBy: 'bob', erasedWhy: 'Asked' },
    };
    t.same(await consents.erase(one!.id, 'bob', 20, 'Asked'), erased);
    t.same(await consents.erase(one!.id, 'eve', 30, 'Again'), erased, 'the first stays');
    t.same(await consents.erase(two!.id, 'bob', 20, 'Asked'), two, 'not before its document');
    await consents.withdraw(two!.id, 'ada', 10);
    await consents.documentErased(two!.id, 'ada', 15);
    t.match(await consents.erase(two!.id, 'bob', 20, 'Asked'), {
      ...{ number: '', withdrawnAt: 10, withdrawnBy: 'ada', erasedAt: 20 },
      document: { sha256: aDocument().sha256, erasedAt: 15 },
    });
    const other = (await again()).consents;
    t.same(await other.get(one!.id), erased);
    t.same(await other.list({ digits: '0301', limit: 9 }), []);
    t.equal((await other.list({ limit: 9 })).length, 2);
  });
};
