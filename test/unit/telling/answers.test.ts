import t from 'tap';
import type { RecordRule } from '../../../daemon/domain/policy/policy.js';
import { toldOf } from '../../../daemon/domain/telling/told.js';
import { CALL, inbound, NEW_YORK, NY_CALLER, telling } from '../../support/pbx/inform-lab.js';
import {
  answers,
  at,
  BOB,
  EMPTY,
  goes,
  joins,
  lab,
  leg,
  OLGA,
  pass,
  rings,
  scripted,
} from '../../support/record-lab.js';

const HAMBURG = leg('hamburg', '+494012345', { context: 'from-trunk' });
const BROOKLYN = leg('brooklyn', '+17185550143', { context: 'from-trunk' });
const ask: RecordRule = { name: 'Ask', reason: 'r', when: {}, outcome: 'ask' };
const says = (kind: 'allow' | 'decline', legId: string | null) => ({
  ...{ kind, legId, who: '', how: legId === null ? ('button' as const) : ('digits' as const) },
});

t.test('nobody answers for the caller', async (t) => {
  for (const [name, said, captured, answer] of [
    ['our own side agrees by a key', [['allow', 'bob']], false, 'stated'],
    ['our own side agrees by a button', [['allow', null]], false, 'stated'],
    ['the caller agrees', [['allow', 'olga']], true, 'agreed'],
    [
      'the caller agrees after our own side',
      [
        ['allow', 'bob'],
        ['allow', 'olga'],
      ],
      true,
      'agreed',
    ],
    [
      'our own side agrees after the caller refused',
      [
        ['decline', 'olga'],
        ['allow', 'bob'],
        ['allow', null],
      ],
      false,
      'refused',
    ],
    [
      'the caller refuses and then agrees',
      [
        ['decline', 'olga'],
        ['allow', 'olga'],
      ],
      true,
      'agreed',
    ],
    [
      'our own side refuses for the caller and takes it back',
      [
        ['allow', 'olga'],
        ['decline', null],
        ['allow', 'bob'],
      ],
      true,
      'agreed',
    ],
    [
      'the caller agrees after our own side refused',
      [
        ['decline', 'bob'],
        ['allow', 'olga'],
      ],
      false,
      'refused',
    ],
  ] as const) {
    const l = await telling(t, NEW_YORK, { rules: [ask], region: 'US' });
    l.hear(...inbound(), joins(OLGA), joins(BOB));
    await l.said();
    for (const [kind, legId] of said) await l.recorder.direct(CALL, says(kind, legId));
    t.match(l.recorder.list(), [{ recorded: captured }], name);
    const call = (await l.catalogue.calls.get(CALL))!;
    const directives = await l.catalogue.directives.of(CALL);
    const { notice, played } = await l.ledger();
    const told = toldOf({
      ...call,
      mode: notice!.mode,
      statedIsEnough: false,
      purposeAndIdentity: false,
      coverage: 'recorded',
      unwatchedMs: 0,
      played,
      directives,
    });
    t.equal(told.answer, answer, name);
    t.equal(told.findings.includes('not_agreed') || told.findings.includes('refused_kept'), !captured, name);
  }
});

t.test('what our own side states is enough where the rule and every place say so', async (t) => {
  const stated = { ...ask, stated_is_enough: true };
  const strict = [{ id: 'US-NY', least: 'ask' as const, note: 'Counsel' }];
  for (const [rule, overrides, captured] of [
    [ask, [], false],
    [stated, [], true],
    [stated, strict, false],
    [stated, strict.map((one) => ({ ...one, stated_is_enough: true })), true],
  ] as const) {
    const l = await telling(t, { ...NEW_YORK, overrides: [...overrides] }, { rules: [rule], region: 'US' });
    l.hear(...inbound(NY_CALLER), joins(NY_CALLER), joins(BOB));
    await l.said();
    await l.recorder.direct(CALL, says('allow', 'bob'));
    t.match(l.recorder.list(), [{ recorded: captured }]);
    t.match(await l.ledger(), { notice: { statedIsEnough: captured } });
  }
});

t.test('whoever joins counts: the strictest decides anew, and what was captured before stays', async (t) => {
  for (const muteTrap of [false, true]) {
    const overrides = [{ id: 'DE', least: 'ask' as const, note: 'Counsel' }];
    const l = await telling(
      t,
      { ...NEW_YORK, overrides, silent_confirmed: true, mode: 'silent' },
      { region: 'US', muteTrap },
    );
    l.hear(...inbound(NY_CALLER), joins(NY_CALLER), joins(BOB));
    await l.said();
    t.match(await l.ledger(), { notice: { mode: 'silent', others: [] } });
    t.same(l.capture.asked, [`begin ${CALL}-0 olga`]);
    pass(100);
    l.hear(rings(HAMBURG), answers(HAMBURG));
    await l.said();
    l.hear(joins(HAMBURG));
    await l.said();
    const joined = (await l.ledger()).notice!;
    t.match(joined, { mode: 'ask', others: ['+494012345'] });
    t.ok(joined.askedSince > 0, 'since they joined');
    t.match(l.recorder.list(), [{ recorded: false, why: { code: 'consent_awaited' } }]);
    t.same(
      l.capture.asked.filter((one) => one.startsWith('begin')),
      [`begin ${CALL}-0 olga`],
      'nor anew',
    );
    if (muteTrap) {
      l.hear(goes(HAMBURG), goes(BOB), goes(NY_CALLER));
      await l.said();
      t.match(await l.coverage(), { status: 'pending', why: { code: 'consent_awaited' } }, 'and why it ends');
      continue;
    }
    for (const [legId, captured] of [
      ['olga', false],
      ['bob', false],
      ['hamburg', true],
    ] as const) {
      await l.recorder.direct(CALL, says('allow', legId));
      t.match(l.recorder.list(), [{ recorded: captured }], `after ${legId}`);
    }
  }
});

t.test(
  'what was written while nobody watched and somebody joined who has to agree is silenced',
  async (t) => {
    const overrides = [{ id: 'DE', least: 'ask' as const, note: 'Counsel' }];
    const silent = { ...NEW_YORK, overrides, silent_confirmed: true, mode: 'silent' as const };
    const asking = { ...NEW_YORK, mode: 'ask' as const };
    for (const [policy, newcomer, silenced, killed] of [
      [silent, HAMBURG, true, false],
      [silent, HAMBURG, true, true],
      [silent, BROOKLYN, false, true],
      [asking, HAMBURG, true, true],
    ] as const) {
      const capture = scripted();
      const dir = t.testdir();
      const options = { region: 'US', capture, at: dir, muteTrap: true };
      const l = await telling(t, policy, options);
      l.hear(...inbound(NY_CALLER), joins(NY_CALLER), joins(BOB));
      await l.said();
      if (policy === asking) await l.recorder.direct(CALL, says('allow', 'olga'));
      const watchedUntil = at() + 2_000;
      pass(900);
      capture.running.add(`${CALL}-0`);
      const now = { ...EMPTY, at: at(), legs: [NY_CALLER, BOB, newcomer] };
      const bridges = [{ id: 'b', legs: ['olga', 'bob', newcomer.id], mixed: false }];
      if (killed) {
        await l.recorder.stop();
        await l.catalogue.stop();
      }
      const again = killed ? await lab(t, options) : l;
      const go = killed ? again.recorder.recover : again.recorder.resync;
      await go({ ...now, bridges } as never, { watchedUntil });
      await again.said();
      const masks = (await again.catalogue.directives.of(CALL)).filter(({ kind }) => kind !== 'allow');
      const of = `${policy.mode}, ${newcomer.id}, ${killed ? 'killed' : 'link lost'}`;
      t.same(
        masks.map(({ kind, how }) => `${kind} ${how}`),
        silenced ? ['mask unwatched', 'resume unwatched'] : [],
        of,
      );
      if (silenced) t.ok(masks[0]!.at === watchedUntil && masks[1]!.at >= now.at, `${of}: of the gap`);
      t.match(again.recorder.list(), [{ recorded: !silenced, masked: false }], of);
      // Its source has changed, so a capture that goes on is begun anew.
      const begun = capture.asked.filter((one) => one.startsWith('begin'));
      t.equal(begun.length, silenced ? 1 : 2, `${of}: ${begun.join()}`);
    }
  },
);
