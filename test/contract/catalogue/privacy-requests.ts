import type { NewPrivacyRequest } from '../../../daemon/catalogue/privacy/privacy-requests.js';
import { aPrivacyRequest } from '../../support/catalogue/privacy-request.js';
import type { Part } from '../catalogue.js';

const ANSWER = {
  day: '2026-05-20',
  outcome: 'refused' as const,
  grounds: ['identity' as const],
  note: 'Told',
};
const factsOf = ({ id: _, zone, region, enteredBy, enteredAt, ...facts }: NewPrivacyRequest) => facts;

/** Requests that people make about recordings of themselves. */
export const privacyRequests: Part = (t, open) => {
  t.test('requests are numbered, changed, extended once, and closed for good', async (t) => {
    const { catalogue, again } = await open(t);
    const requests = catalogue.privacyRequests;
    t.match(await requests.add(aPrivacyRequest('P1', { received: '2026-05-04' })), {
      number: 1,
      state: 'open',
    });
    t.match(await requests.add(aPrivacyRequest('P2')), { number: 2 });
    const other = (await again()).privacyRequests;
    t.strictSame(
      (await other.open()).map(({ id }) => id),
      ['P2', 'P1'],
      'in the order in which they were received',
    );
    t.match(await other.get('P2'), {
      ...aPrivacyRequest('P2'),
      extended: null,
      closed: null,
      forgottenAt: null,
    });
    const changed = { ...factsOf(aPrivacyRequest('P2')), identity: 'Passport', numbers: ['0201', '0202'] };
    const confirmed = { confirmed: '2026-05-04' };
    t.match(await requests.change('P2', { ...changed, ...confirmed }), {
      ...confirmed,
      identity: 'Passport',
      numbers: ['0201', '0202'],
      number: 2,
    });
    t.match(await requests.extend('P2', 'Many calls', 'Ada', 7), {
      ...{ state: 'extended', extended: { by: 'Ada', at: 7, reason: 'Many calls' } },
    });
    await t.rejects(requests.extend('P2', 'More', 'Ada', 8), { code: 'privacy_closed' });
    t.match(await requests.close('P2', ANSWER, 'Bob', 9), {
      state: 'closed',
      closed: { ...ANSWER, by: 'Bob' },
    });
    const late: (() => Promise<unknown>)[] = [
      () => requests.change('P2', changed),
      () => requests.extend('P2', 'x', 'Ada', 9),
      () => requests.close('P2', ANSWER, 'Ada', 9),
      () => requests.exclude('P2', 'C1', { reason: 'x', by: 'Ada', at: 9 }),
    ];
    for (const act of late) await t.rejects(act(), { code: 'privacy_closed' });
    await t.rejects(requests.change('P9', changed), { code: 'privacy_unknown' });
    t.equal(await requests.get('P9'), null);
    t.strictSame(
      (await other.open()).map(({ id }) => id),
      ['P1'],
    );
    t.match(await other.closed(null, 9), [{ id: 'P2' }]);
    t.same(await other.closed(2, 9), []);
  });

  t.test('calls are left out and taken in again', async (t) => {
    const { catalogue } = await open(t);
    const requests = catalogue.privacyRequests;
    await requests.add(aPrivacyRequest('P1'));
    await requests.exclude('P1', 'C1', { reason: 'Shared line', by: 'Ada', at: 5 });
    await requests.exclude('P1', 'C1', { reason: 'Her son', by: 'Bob', at: 6 });
    await requests.exclude('P1', 'C2', { reason: 'Fax', by: 'Bob', at: 7 });
    t.same(await requests.exclusions('P1'), [
      { callId: 'C1', reason: 'Her son', by: 'Bob', at: 6 },
      { callId: 'C2', reason: 'Fax', by: 'Bob', at: 7 },
    ]);
    await requests.exclude('P1', 'C1', null);
    t.match(await requests.exclusions('P1'), [{ callId: 'C2' }]);
  });

  t.test('a closed request is forgotten: what was asked and how it was answered remains', async (t) => {
    const { catalogue } = await open(t);
    const requests = catalogue.privacyRequests;
    await requests.add(aPrivacyRequest('P1'));
    await requests.exclude('P1', 'C1', { reason: 'Her son Tim', by: 'Ada', at: 5 });
    await requests.extend('P1', 'Ann has many calls', 'Ada', 6);
    await t.rejects(requests.forget('P1', 9), { code: 'privacy_unknown' }, 'not while it is open');
    await requests.close('P1', { ...ANSWER, note: 'Ann was told' }, 'Ada', 7);
    t.same(await requests.forgettable('2026-05-20'), []);
    t.match(await requests.forgettable('2026-05-21'), [{ id: 'P1' }]);
    await requests.forget('P1', 9);
    await requests.forget('P1', 10);
    const left = await requests.get('P1');
    t.match(left, {
      ...{ name: '', contact: '', identity: '', numbers: [], from: null, to: null, forgottenAt: 9 },
      ...{ kind: 'access', manner: 'email', received: '2026-05-03', number: 1 },
      extended: { by: 'Ada', reason: '' },
      closed: { ...ANSWER, note: '' },
    });
    t.same(await requests.exclusions('P1'), []);
    t.same(await requests.forgettable('2030-01-01'), []);
    t.equal((await requests.add(aPrivacyRequest('P2'))).number, 2);
  });

  t.test('letters are saved in the place of the standard ones, and go again', async (t) => {
    const { catalogue, again } = await open(t);
    const requests = catalogue.privacyRequests;
    t.same(await requests.letters(), []);
    await requests.saveLetter('refusal', { text: 'Dear {name}', by: 'Ada', at: 5 });
    await requests.saveLetter('refusal', { text: 'Hello {name}', by: 'Bob', at: 6 });
    const other = (await again()).privacyRequests;
    t.same(await other.letters(), [{ letter: 'refusal', text: 'Hello {name}', by: 'Bob', at: 6 }]);
    await other.saveLetter('refusal', null);
    await other.saveLetter('access', null);
    t.same(await other.letters(), []);
  });
};
