import { randomBytes } from 'node:crypto';
import { type DuePlace, FIRST_DUE, type KeptPlace } from '../../../daemon/domain/retention/plan.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';
import type { Part } from '../catalogue.js';

const recorded = { status: 'recorded' as const, why: null, rule: null, missingMs: 0 };

/** Recordings by when they may be erased. */
export const due: Part = (t, open) => {
  t.test('what is kept and due, counted and listed page by page', async (t) => {
    const { catalogue } = await open(t);
    const ends = { R1: null, R2: 300, R3: 200, R4: 200, R5: 500, R6: 100 };
    for (const [id, keepUntil] of Object.entries(ends)) {
      await catalogue.calls.save({ ...aCall(`C${id}`), test: id === 'R6' });
      await catalogue.recordings.sealed(
        aRecording(id, `C${id}`, {
          ...{ keepUntil, keepRule: id === 'R3' ? 'Sales' : null, sealedAt: 1_000 + Number(id[1]) },
          minUntil: id === 'R2' ? 400 : null,
        }),
        randomBytes(50),
        recorded,
      );
    }
    const slices = [];
    for (let at: KeptPlace | null = null, more = true; more; more = at !== null) {
      const { next, ...slice } = await catalogue.due.keptSlice(at, 300);
      slices.push(slice);
      at = next;
    }
    t.same(slices, [
      { rule: null, kept: 1, forEver: 1, due: 0 },
      { rule: null, kept: 3, forEver: 0, due: 2 },
      { rule: 'Sales', kept: 0, forEver: 0, due: 0 },
      { rule: 'Sales', kept: 1, forEver: 0, due: 1 },
    ]);
    t.same(await catalogue.due.dueSlice(FIRST_DUE, 300), {
      ids: ['R3', 'R4', 'R2'],
      guarded: [{ id: 'R2', rule: null, minUntil: 400, matters: [] }],
      next: null,
    });
    t.same(
      (await catalogue.due.dueSlice({ until: 200, id: 'R3' }, 300)).ids,
      ['R4', 'R2'],
      'from after a place',
    );
    t.same((await catalogue.due.dueSlice(FIRST_DUE, 199)).ids, []);

    const ids = async (which: 'erasable' | 'protected' | 'later', after: DuePlace = FIRST_DUE, limit = 9) =>
      (await catalogue.due.page(which, after, 300, limit)).items.map((call) => call.recording?.id);
    t.same(await ids('erasable'), ['R3', 'R4']);
    t.same(await ids('erasable', FIRST_DUE, 1), ['R3']);
    t.same(await ids('erasable', { until: 200, id: 'R3' }), ['R4']);
    t.same(await ids('protected'), ['R2']);
    t.same(await ids('later'), ['R5'], 'a test call is in none of them');
    t.same(
      (await catalogue.due.erasable(FIRST_DUE, 300, 9)).items.map(({ id }) => id),
      ['R3', 'R4'],
    );
    t.same(
      (await catalogue.due.erasable(FIRST_DUE, 400, 9)).items.map(({ id }) => id),
      ['R3', 'R4', 'R2'],
      'a minimum ends by itself',
    );
    t.same((await catalogue.due.page('erasable', FIRST_DUE, 300, 1)).next, { until: 200, id: 'R3' });
    t.equal((await catalogue.due.page('erasable', FIRST_DUE, 300, 9)).next, null);
    t.same((await catalogue.due.erasable(FIRST_DUE, 300, 1)).next, { until: 200, id: 'R3' });
    t.same((await catalogue.due.page('later', FIRST_DUE, 199, 1)).next, { until: 200, id: 'R3' });
    t.same(
      (await catalogue.due.undated('', 9)).map((call) => call.recording?.id),
      ['R1'],
    );
    t.equal(await catalogue.due.newestSealedAt(), 1_005);

    await catalogue.holds.open({
      id: 'M',
      name: 'Smith',
      reason: 'Dispute',
      query: null,
      openedBy: 'Ada',
      openedAt: 1,
    });
    await catalogue.holds.pick('M', ['R4'], 'Ada', 1);
    t.same((await catalogue.due.dueSlice(FIRST_DUE, 300)).guarded, [
      { id: 'R4', rule: null, minUntil: null, matters: ['M'] },
      { id: 'R2', rule: null, minUntil: 400, matters: [] },
    ]);
    t.same(await ids('erasable'), ['R3']);
    t.same(await ids('protected'), ['R4', 'R2']);
    await t.rejects(catalogue.recordings.eraseIntended('R4', noted('Over.'), 300), { code: 'kept_by_hold' });
    await t.rejects(catalogue.recordings.eraseIntended('R2', noted('Over.'), 300), {
      code: 'kept_by_minimum',
    });

    for (const [id, at] of [
      ['R3', 310],
      ['R5', 310],
      ['R1', 320],
    ] as const) {
      await catalogue.recordings.eraseIntended(id, noted('Over.'), at);
      await catalogue.recordings.erased(id, at);
    }
    const gone = async (limit: number, before?: DuePlace) =>
      (await catalogue.recordings.tombstones(limit, before)).map((call) => call.recording?.id);
    t.same(await gone(9), ['R1', 'R5', 'R3']);
    t.same(await gone(9, { until: 310, id: 'R5' }), ['R3'], 'from before a place');
  });
};
