import t from 'tap';
import { withMinimums } from '../../../daemon/catalogue/retention/guarded.js';
import { defaultPolicy, type Policy } from '../../../daemon/domain/policy/policy.js';
import { refuseConflicts, ruleFaults } from '../../../daemon/domain/policy/rule-faults.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { opened } from '../../support/catalogue/opened.js';
import { keepOne } from '../../support/recordings/retention-lab.js';
import { noted } from '../../support/words.js';

const DAY = 86_400_000;
const ENDED = 1_700_000_035_000;
const NOW = ENDED + DAY;
const HAND = because('erased_by_hand', { by: 'Ada', approvedBy: null, reason: 'Asked for' });
const DUE = because('due', { rule: 'Short', why: noted('Law') });

const limit = (kind: 'min' | 'max', days: number) => ({
  ...{ name: kind, reason: 'Law', kind, days, when: {} },
  ...{ source: '', as_of: '2026-01-01' },
});
const policyOf = (...limits: ReturnType<typeof limit>[]): Policy => ({ ...defaultPolicy, limits });

async function house(t: Parameters<typeof opened>[0]) {
  const { catalogue } = await opened(t);
  const site = { timeZone: 'UTC', region: '' };
  return withMinimums(catalogue, { site, listsOf: () => [] });
}

t.test(
  'a minimum protects from when it is saved, before it is applied to recordings that there are',
  async (t) => {
    const catalogue = await house(t);
    await keepOne(catalogue, 'R1', { keepUntil: ENDED, sealedAt: NOW });
    t.equal(await catalogue.holds.guard('R1', NOW), null);
    await catalogue.policy.save(policyOf(limit('min', 400)), 'ada', NOW, 0);
    t.match(await catalogue.holds.guard('R1', NOW), { code: 'before_minimum' });
    for (const why of [HAND, DUE])
      await t.rejects(catalogue.recordings.eraseIntended('R1', why, NOW), { code: 'kept_by_minimum' });
    t.match(await catalogue.recordings.get('R1'), { state: 'sealed' });
    await catalogue.recordings.eraseIntended('R1', DUE, ENDED + 402 * DAY);
    t.match(
      await catalogue.recordings.get('R1'),
      { state: 'erasing' },
      'a run has compared its clock before',
    );
  },
);

t.test('by a clock that is ahead nobody erases by hand what a minimum may protect', async (t) => {
  const catalogue = await house(t);
  await keepOne(catalogue, 'R1', { minUntil: ENDED + 400 * DAY, sealedAt: NOW });
  await keepOne(catalogue, 'R2', { sealedAt: NOW });
  const ahead = NOW + 500 * DAY;
  t.match(await catalogue.holds.guard('R1', ahead), { code: 'clock_past' });
  await t.rejects(catalogue.recordings.eraseIntended('R1', HAND, ahead), {
    ...{
      code: 'kept_by_minimum',
      detail: /clock may be wrong: it is 500 days ahead of the newest recording/,
    },
  });
  t.equal(await catalogue.holds.guard('R2', ahead), null, 'no time says anything of this one');
  await keepOne(catalogue, 'R3', { sealedAt: ahead - DAY });
  t.equal(await catalogue.holds.guard('R1', ahead), null, 'a recording of that time says that it is right');
});

t.test('by a policy that cannot be read nothing is erased by hand either', async (t) => {
  const { catalogue: plain } = await opened(t);
  await keepOne(plain, 'R1');
  const newest = async () => ({ ...(await plain.policy.newest()), fault: 'it is no policy' });
  const catalogue = withMinimums(
    { ...plain, policy: { ...plain.policy, newest } },
    { site: { timeZone: 'UTC', region: '' }, listsOf: () => [] },
  );
  await t.rejects(catalogue.recordings.eraseIntended('R1', HAND, NOW), { code: 'policy_unreadable' });
});

t.test('a minimum above a maximum is refused, and where there was one already it is told', async (t) => {
  const [fine, wrong] = [
    policyOf(limit('min', 30), limit('max', 400)),
    policyOf(limit('min', 400), limit('max', 30)),
  ];
  t.throws(() => refuseConflicts(defaultPolicy, wrong), {
    ...{
      code: 'policy_invalid',
      detail: /^limits\.1: "max" cannot be met together with "min": .* kept forever/,
    },
  });
  t.throws(() => refuseConflicts(fine, wrong), { code: 'policy_invalid' });
  refuseConflicts(defaultPolicy, fine);
  refuseConflicts(wrong, { ...wrong, metadata_days: 9 });
  t.match(
    ruleFaults(wrong).filter(({ code }) => code === 'limits_conflict'),
    [{ list: 'limits', other: 'min' }],
  );
  const worse = policyOf(limit('min', 500), limit('max', 30));
  t.throws(() => refuseConflicts(wrong, worse), { code: 'policy_invalid' }, 'another one is refused');
});
