import { because } from '../../../daemon/domain/reason/reason.js';
import { aNotice, aPlaying } from '../../support/catalogue/every-row.js';
import { aCall } from '../../support/recordings/a-call.js';
import type { Part } from '../catalogue.js';

/** The ledger of consent. */
export const notices: Part = (t, open) => {
  t.test('the newest decision of a call is kept, and all that was played', async (t) => {
    const { catalogue, again } = await open(t);
    const about = catalogue.notices;
    await catalogue.calls.save(aCall('A'));
    t.same(await about.of('A'), { notice: null, played: [] });
    t.same(await about.of('nowhere'), { notice: null, played: [] });
    await t.rejects(about.decide(aNotice('nowhere')), { code: 'call_unknown' });
    await t.rejects(about.tell(aPlaying('nowhere')), { code: 'call_unknown' });
    await about.decide(aNotice('A'));
    await about.decide({ ...aNotice('A'), mode: 'ask', rule: 'Works council' });
    const cut = { whole: false, heardBy: [], startedAt: null, failed: because('pbx_refused') };
    const one = await about.tell({ ...aPlaying('A'), ...cut });
    const two = await about.tell(aPlaying('A'));
    await about.found(two.seq, {
      found: true,
      in: 'both',
      fromMs: 80,
      untilMs: 4_080,
      share: 1,
      correlation: 0.98,
    });
    const { notice, played } = await (await again()).notices.of('A');
    t.same(notice, { ...aNotice('A'), mode: 'ask', rule: 'Works council' });
    t.same(played[0], { ...aPlaying('A'), ...cut, seq: one.seq, found: null });
    t.match(played[1], { seq: two.seq, found: { found: true, in: 'both', fromMs: 80 } });
    t.equal(played.length, 2);
  });

  t.test('what was told in a call that became part of another is told of that', async (t) => {
    const { catalogue } = await open(t);
    for (const id of ['A', 'B', 'C']) await catalogue.calls.save(aCall(id));
    const about = catalogue.notices;
    await about.decide(aNotice('A'));
    await about.tell(aPlaying('A'));
    await about.decide({ ...aNotice('B'), mode: 'ask' });
    await about.tell({ ...aPlaying('B'), leg: 'N' });
    await catalogue.calls.absorb('A', 'B');
    await about.tell({ ...aPlaying('A'), leg: 'O' });
    for (const id of ['A', 'B']) {
      const { notice, played } = await about.of(id);
      t.match(notice, { callId: 'B', mode: 'ask' }, 'the decision of the call that stays');
      t.same(
        played.map(({ callId, leg }) => [callId, leg]),
        [
          ['B', 'L'],
          ['B', 'N'],
          ['B', 'O'],
        ],
      );
    }
    await catalogue.calls.absorb('B', 'C');
    t.match((await about.of('C')).notice, { callId: 'C', mode: 'ask' }, 'it had none of its own');
  });

  t.test('calls of which it was decided are found by their time, in order', async (t) => {
    const { catalogue } = await open(t);
    const at = { C: 10, A: 20, B: 20, D: 30, E: 40 };
    for (const [id, startedAt] of Object.entries(at)) await catalogue.calls.save({ ...aCall(id), startedAt });
    for (const id of ['A', 'B', 'C', 'E']) await catalogue.notices.decide(aNotice(id));
    const found = (more: object) => catalogue.notices.calls({ from: 0, to: 100, limit: 9, ...more });
    t.same(await found({}), ['C', 'A', 'B', 'E'], 'D has no decision');
    t.same(await found({ from: 20, to: 40 }), ['A', 'B']);
    t.same(await found({ limit: 2 }), ['C', 'A']);
    t.same(await found({ after: 'A' }), ['B', 'E']);
    t.same(await found({ from: 20, after: 'C' }), ['A', 'B', 'E']);
    t.same(await found({ after: 'E' }), []);
  });
};
