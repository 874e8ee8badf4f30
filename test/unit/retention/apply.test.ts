import t from 'tap';
import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { withEntries } from '../../../daemon/catalogue/entries.js';
import type { Progress } from '../../../daemon/domain/operations/job.js';
import { defaultPolicy, type Policy } from '../../../daemon/domain/policy/policy.js';
import { createApplyRetention } from '../../../daemon/recordings/apply-retention.js';
import { BEGAN, DAY, manyKept, previewOf, saveForAll, site } from '../../support/recordings/many-kept.js';

const COUNT = 450;
const AS_OF = BEGAN + 30 * DAY;
const policy: Policy = {
  ...defaultPolicy,
  retention: [
    { name: 'Sales', reason: 'Orders.', purpose: 'Orders', when: { queue: ['sales'] }, keep_days: 10 },
    { name: 'Support', reason: 'Quality.', when: { queue: ['support'] }, keep_days: 90 },
  ],
  limits: [{ name: 'Law', reason: 'The law.', kind: 'min', days: 20, when: { queue: ['sales'] } }],
};

/** Every recording as it is dated, with what was counted of the job. */
async function outcome(catalogue: Catalogue, id: string) {
  const calls = await catalogue.recordings.keptAfter('', 1_000);
  const { cursor, done, total } = (await catalogue.jobs.get(id))!;
  return {
    rows: calls.map(({ recording: r }) => [r!.id, r!.keepUntil, r!.keepRule, r!.minUntil, r!.keepVersion]),
    job: { cursor, done, total },
  };
}

/** Runs a job from where its row is, as after a start of the recorder. */
async function run(catalogue: Catalogue, id: string, deps: Partial<Catalogue['recordings']> = {}) {
  const later = async () => {};
  const recorder = withEntries(catalogue, { clock: () => AS_OF, later });
  const handler = createApplyRetention({
    catalogue: { ...recorder, recordings: { ...recorder.recordings, ...deps } },
    ...{ site, listsOf: () => [] },
  });
  const job = (await catalogue.jobs.get(id))!;
  let last: Progress = job;
  const save = async (progress: Progress) => {
    last = progress;
  };
  const given = { id, params: job.params, askedAt: job.askedAt, progress: job, save, waits: async () => {} };
  await handler({ ...given, signal: new AbortController().signal });
  await recorder.jobs.save({ ...job, ...last, state: 'done', endedAt: AS_OF });
}

t.test('a policy is applied to all recordings, wherever its job is interrupted', async (t) => {
  const { catalogue } = await manyKept(t, COUNT);
  const preview = await previewOf(catalogue, policy, AS_OF);
  t.match(preview, {
    ...{ recordings: COUNT, shorter: 300, longer: 0, unknown: 0, byMinimum: 150, conflicts: 0 },
    rows: [
      { rule: 'Sales', days: 10, recordings: 150, shorter: 150, wasForever: 150 },
      { rule: 'Support', days: 90, recordings: 150, due: 0 },
      { rule: null, days: null, recordings: 150, shorter: 0 },
    ],
  });
  t.ok(preview.due > 50 && preview.due < 150, 'what the minimum is over for');
  const { id } = await saveForAll(catalogue, policy, AS_OF);
  await run(catalogue, id);
  const whole = await outcome(catalogue, id);
  t.equal(whole.rows.filter(([, until]) => until === null).length, 150);
  t.ok(whole.rows.every(([, , , , version]) => version === 1));
  t.match(JSON.parse(whole.job.cursor).applied, { shorter: 300, longer: 0, other: 150, due: preview.due });
  const entries = await catalogue.audit.entries({ actions: ['retention_apply'], limit: 9 });
  t.match(
    entries.map(({ detail }) => detail),
    [
      { job: id, recordings: COUNT, shorter: 300, due: preview.due },
      { job: id, expected: COUNT, shorter: 300, due: preview.due },
    ],
    'its beginning and its end are on record, with what was counted',
  );

  for (const page of [0, 1, 2]) {
    for (const when of ['before', 'after'] as const) {
      const other = (await manyKept(t, COUNT)).catalogue;
      await saveForAll(other, policy, AS_OF);
      let pages = -1;
      const killed = run(other, id, {
        async redate(job, changes) {
          pages += 1;
          if (when === 'before' && pages === page) throw new Error('killed');
          const written = await other.recordings.redate(job, changes);
          if (when === 'after' && pages === page) throw new Error('killed');
          return written;
        },
      });
      await t.rejects(killed, { message: 'killed' });
      await run(other, id);
      t.same(await outcome(other, id), whole, `killed ${when} page ${page}`);
    }
  }
});

t.test('what is not as it was shown changes nothing', async (t) => {
  const { catalogue } = await manyKept(t, 9);
  const { id } = await saveForAll(catalogue, policy, AS_OF);
  await catalogue.recordings.eraseIntended(
    'R01JDK3V7Q8ZM5T4R2XW9000000',
    { code: 'no_audio', params: {} },
    1,
  );
  await t.rejects(run(catalogue, id), { code: 'preview_changed' });
  const calls = await catalogue.recordings.keptAfter('', 1_000);
  t.equal(calls.length, 8);
  t.ok(calls.every(({ recording }) => recording?.keepUntil === null && recording.keepVersion === null));
});

t.test(
  'a recording that is being erased stays as it is, and a later job takes the place of an open one',
  async (t) => {
    const { catalogue } = await manyKept(t, 3);
    const first = await saveForAll(catalogue, policy, AS_OF);
    const second = await saveForAll(catalogue, { ...policy, retention: [] }, AS_OF);
    t.match(await catalogue.jobs.get(first.id), { state: 'cancelled' });
    const sealed = 'R01JDK3V7Q8ZM5T4R2XW9000001';
    await catalogue.recordings.eraseIntended(sealed, { code: 'no_audio', params: {} }, 1);
    const given = { keepUntil: 5, keepRule: 'X', keepWhy: null, minUntil: null, keepFrom: 1, keepVersion: 2 };
    const job = { id: second.id, cursor: 'x', done: 1, total: 3 };
    t.equal(await catalogue.recordings.redate(job, [{ id: sealed, ...given }]), true);
    t.match(await catalogue.recordings.get(sealed), { keepUntil: null, state: 'erasing' });
    t.equal(await catalogue.recordings.redate({ ...job, id: first.id }, []), false, 'of a job that is over');
  },
);

t.test('recordings of which a fact was not stored keep their date, and are said', async (t) => {
  const { catalogue } = await manyKept(t, 6, { facts: null });
  const asks: Policy = {
    ...defaultPolicy,
    retention: [{ name: 'Account', reason: '', when: { account: ['1'] }, keep_days: 1 }],
  };
  t.match(await previewOf(catalogue, asks, AS_OF), {
    ...{ unknown: 6, shorter: 0, unknownBy: [{ condition: 'account', recordings: 6 }] },
  });
  const { id } = await saveForAll(catalogue, asks, AS_OF);
  await run(catalogue, id);
  t.match(JSON.parse((await outcome(catalogue, id)).job.cursor).applied, {
    unknown: 6,
    shorter: 0,
    other: 0,
  });
});
