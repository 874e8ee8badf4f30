import t from 'tap';
import { Compile } from 'typebox/compile';
import type { NewRun } from '../../../daemon/domain/certificate/certificate.js';
import { CONTROL } from '../../../daemon/domain/operations/control.js';
import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import { createEraseRequests } from '../../../daemon/requests/retention/erasing.js';
import { aPrivacyRequest } from '../../support/catalogue/privacy-request.js';
import { password } from '../../support/people-lab.js';
import { holdFor, keepOne } from '../../support/recordings/retention-lab.js';
import { approvalsLab } from '../../support/requests/approvals-lab.js';
import { noted } from '../../support/words.js';

const IDS = ['01JDK3V7Q8ZM5T4R2XW9YB6C1A', '01JDK3V7Q8ZM5T4R2XW9YB6C1B'];
const CALLS = ['01JDK3V7Q8ZM5T4R2XW9YB6C2A', '01JDK3V7Q8ZM5T4R2XW9YB6C2B'];

async function erasing(t: Parameters<typeof approvalsLab>[0]) {
  const made = await approvalsLab(t);
  const { lab, approvals } = made;
  const runs: { ids: readonly string[]; why: unknown; who: NewRun }[] = [];
  const requests = createEraseRequests({
    ...{ ...lab.deps, approvals, say: String },
    retain: {
      run: async () => Promise.reject(new Error('not asked for')),
      async eraseAll(ids, why, who) {
        runs.push({ ids, why, who });
        return { erased: ids.length, failed: 0, left: 0, protected: 0 };
      },
    },
  });
  for (const [n, id] of IDS.entries()) await keepOne(lab.catalogue, id, { callId: CALLS[n]! });
  await lab.add('ada');
  const erase = async (calls: string[], more: object = {}) => {
    await lab.prove('ada', { password });
    const body = { by: lab.by('ada'), calls, reason: 'Asked for', confirm: `erase ${calls.length}`, ...more };
    if (!Compile(CONTROL.erase_calls.body).Check(body)) throw new Error('the body is not as agreed');
    const answer = await requests.erase_calls(body);
    if (!Compile(CONTROL.erase_calls.answer).Check(answer)) throw new Error('the answer is not as agreed');
    return answer;
  };
  return { ...made, runs, erase };
}

t.test('what a person names is erased with their reason, which is on record first', async (t) => {
  const { lab, runs, erase } = await erasing(t);
  await t.rejects(erase(CALLS, { reason: ' \u200b\u2060' }), { code: 'request_invalid' });
  for (const reason of ['ada caller asked for it', 'Request of 555-0123'])
    await t.rejects(erase(CALLS, { reason }), { code: 'reason_names' });
  await t.rejects(erase(CALLS, { confirm: 'erase' }), { code: 'request_invalid', detail: /"erase 2"/ });
  await t.rejects(erase([...CALLS, 'none']), { code: 'call_unknown' });
  await t.rejects(erase([CALLS[0]!, '../x']), { code: 'call_unknown' });
  t.same(runs, []);
  t.match(await erase([...CALLS, CALLS[0]!], { confirm: 'erase 2' }), {
    erased: 2,
    refused: [],
    approval: null,
  });
  const why = { code: 'erased_by_hand', params: { by: 'ada', approvedBy: null, reason: 'Asked for' } };
  t.match(runs, [{ ids: IDS, why, who: { kind: 'by_hand', requestedBy: { actor: 'person', name: 'ada' } } }]);
  t.equal(runs[0]?.who.approvedBy, null);
  t.equal(runs[0]?.who.reason, 'Asked for');
  t.match(await lab.entry(), {
    ...{ action: 'erase', actor_id: 'ada', object: 'call', reason: 'Asked for' },
    detail: { recordings: 2, calls: CALLS },
  });
});

t.test('what is being erased is said to be, and not that there is none', async (t) => {
  const { lab, runs, erase } = await erasing(t);
  await lab.catalogue.recordings.eraseIntended(IDS[0]!, noted('Asked for.'), 5);
  await t.rejects(erase(CALLS), { code: 'recording_erasing', detail: CALLS[0] });
  await lab.catalogue.recordings.erased(IDS[0]!, 6);
  await t.rejects(erase(CALLS), { code: 'recording_absent' });
  t.same(runs, []);
});

t.test('one that is protected keeps all of them, and is named', async (t) => {
  const { lab, runs, erase } = await erasing(t);
  await holdFor(lab.catalogue, 'Smith v. Example', [IDS[1]!]);
  const answer = await erase(CALLS);
  t.match(answer, { erased: 0, approval: null });
  t.match(answer.refused, [
    {
      ...{ call_id: CALLS[1], recording_id: IDS[1], reason: 'It is under legal hold: Smith v. Example.' },
      why: { code: 'legal_hold' },
    },
  ]);
  t.same(runs, []);
  t.match(await erase([CALLS[0]!]), { erased: 1, refused: [] });
});

t.test('where the policy says so, a second person approves exactly these', async (t) => {
  const { lab, runs, erase, ask, withFactor, proof } = await erasing(t);
  const code = await withFactor('ben');
  await lab.catalogue.policy.save({ ...defaultPolicy, approvals: { erase: true } }, 'ada', lab.clock.ms, 0);
  const { approval, erased } = await erase(CALLS);
  t.equal(erased, 0);
  t.equal((await erase(CALLS)).approval, approval, 'it is asked for once');
  const { open } = await ask('approvals', { by: lab.by('ben') });
  t.match(open, [
    {
      id: approval,
      act: 'erase',
      reason: 'Asked for',
      shown: { recordings: [{ id: IDS[0] }, { id: IDS[1] }] },
    },
  ]);
  const { digest } = open[0]!;
  await proof('ben', code(), { id: approval!, digest });
  await ask('approve', { by: lab.by('ben'), id: approval!, digest });
  t.not((await erase([CALLS[0]!])).approval, null, 'one of them alone was not approved');
  t.same(runs, []);
  t.match(await erase(CALLS), { erased: 2, approval: null });
  t.match(runs, [
    {
      ids: IDS,
      who: { requestedBy: { name: 'ada' }, approvedBy: { name: 'ben' } },
      why: { params: { approvedBy: 'ben' } },
    },
  ]);
  t.not((await erase(CALLS)).approval, null, 'it counts once');
});

t.test(
  'for a request only its calls are erased, and its number is on the certificate and what is approved',
  async (t) => {
    const { lab, runs, erase, ask, withFactor } = await erasing(t);
    const { privacyRequests, policy } = lab.catalogue;
    const hers = { numbers: ['+15550123'], region: 'US', from: null };
    const add = (id: string, more: Parameters<typeof aPrivacyRequest>[1] = {}) =>
      privacyRequests.add(aPrivacyRequest(id, { kind: 'erasure', ...hers, ...more }));
    await add('P1');
    await add('P2', { kind: 'access' });
    await add('P3', { identity: '' });
    await add('P4', { numbers: ['+15559999'] });
    const erased = (request: string) => erase(CALLS, { request, reason: `Request ${request}` });
    await t.rejects(erased('P9'), { code: 'privacy_unknown' });
    await t.rejects(erased('P2'), { code: 'privacy_refused', detail: /does not ask/ });
    await t.rejects(erased('P3'), { code: 'privacy_refused', detail: /identity/ });
    await t.rejects(erased('P4'), { code: 'call_unknown' }, 'a call of somebody else');
    await privacyRequests.exclude('P1', CALLS[1]!, { reason: 'Her son', by: 'Eve', at: 5 });
    await t.rejects(erased('P1'), { code: 'privacy_refused', detail: /left out/ });
    await privacyRequests.exclude('P1', CALLS[1]!, null);
    await holdFor(lab.catalogue, 'Smith v. Example', [IDS[1]!]);
    t.match(
      await erased('P1'),
      { erased: 0, refused: [{ call_id: CALLS[1] }] },
      'a hold protects against a request too',
    );
    t.same(runs, []);
    t.match(await erase([CALLS[0]!], { request: 'P1', reason: 'Request 1' }), { erased: 1 });
    t.match(runs, [{ ids: [IDS[0]], who: { kind: 'request', reference: 'Request 1', reason: 'Request 1' } }]);
    t.match(await lab.entry(), { action: 'erase', detail: { recordings: 1, request: 1 } });

    await withFactor('ben');
    await policy.save({ ...defaultPolicy, approvals: { erase: true } }, 'ada', lab.clock.ms, 0);
    await erase([CALLS[0]!], { request: 'P1' });
    t.match((await ask('approvals', { by: lab.by('ben') })).open, [
      { shown: { request: 1, recordings: [{ id: IDS[0] }] } },
    ]);
    await privacyRequests.close(
      'P1',
      { day: '2026-05-20', outcome: 'erased', grounds: [], note: '' },
      'Eve',
      9,
    );
    await t.rejects(erase([CALLS[0]!], { request: 'P1' }), { code: 'privacy_closed' });
  },
);
