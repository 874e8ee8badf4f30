import { randomBytes } from 'node:crypto';
import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { FIRST_SEAL, type TierSlice } from '../../../daemon/catalogue/retention/tiers.js';
import { recorded } from '../../support/catalogue/opened.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';
import type { Part } from '../catalogue.js';

async function seal(catalogue: Catalogue, id: string, sealedAt: number): Promise<void> {
  await catalogue.calls.save(aCall(`C${id}`));
  const recording = aRecording(id, `C${id}`, { sealedAt, sealedBytes: 1_000 });
  await catalogue.recordings.sealed(recording, randomBytes(9), recorded);
}

async function counted(catalogue: Catalogue) {
  const found: Record<string, [number, number]> = {};
  for (let place: TierSlice['next'] = null; ; ) {
    const slice: TierSlice = await catalogue.tiers.slice(place);
    found[slice.tier] = [slice.recordings, slice.bytes];
    if (slice.next === null) return found;
    place = slice.next;
  }
}

/** Where the files of recordings are kept. */
export const tiers: Part = (t, open) => {
  t.test('a recording moves to the archive in steps, each of which may be repeated', async (t) => {
    const { catalogue } = await open(t);
    for (const [id, at] of [
      ['R1', 30],
      ['R2', 10],
      ['R3', 20],
      ['R4', 40],
    ] as const)
      await seal(catalogue, id, at);
    const due = async (after = FIRST_SEAL, limit = 9) =>
      (await catalogue.tiers.due(40, after, limit)).map(({ id }) => id);
    t.same(await due(), ['R2', 'R3', 'R1'], 'the oldest first, and none of later');
    t.same(await due({ sealedAt: 10, id: 'R2' }, 1), ['R3']);
    t.same(await counted(catalogue), { hot: [4, 4_000], moving: [0, 0], archive: [0, 0] });

    t.match(await catalogue.tiers.slice(null, 40), { tier: 'hot', recordings: 3, bytes: 3_000 }, 'of before');
    t.match(await catalogue.tiers.slice({ tier: 'hot', sealedAt: 10, id: 'R2' }, 30), { recordings: 1 });

    t.equal(await catalogue.tiers.moved('R2'), false, 'it is not on its way');
    for (const _ of [1, 2]) t.equal(await catalogue.tiers.begin('R2'), true);
    t.equal(await catalogue.tiers.begin('R3'), true);
    t.equal(await catalogue.tiers.begin('nowhere'), false);
    t.match(await catalogue.recordings.get('R2'), { tier: 'moving', state: 'sealed' });
    t.same(
      (await catalogue.tiers.moving(FIRST_SEAL, 9)).map(({ id }) => id),
      ['R2', 'R3'],
    );
    t.same(await due(), ['R1']);
    t.equal(await catalogue.tiers.moved('R2'), true);
    t.equal(await catalogue.tiers.moved('R2'), false);
    t.equal(await catalogue.tiers.begin('R2'), false, 'it is there already');
    t.equal(await catalogue.tiers.back('R3'), true);
    t.equal(await catalogue.tiers.back('R3'), false);
    t.match(await catalogue.recordings.get('R2'), { tier: 'archive' });
    t.match(await catalogue.recordings.get('R3'), { tier: 'hot' });
    t.same(await counted(catalogue), { hot: [3, 3_000], moving: [0, 0], archive: [1, 1_000] });
  });

  t.test('an erased recording whose file is left in the archive is listed until it is removed', async (t) => {
    const { catalogue } = await open(t);
    for (const id of ['R1', 'R2', 'R3', 'R4']) await seal(catalogue, id, 10);
    for (const id of ['R1', 'R2', 'R3']) await catalogue.tiers.begin(id);
    for (const id of ['R1', 'R2']) await catalogue.tiers.moved(id);
    for (const id of ['R1', 'R2', 'R3', 'R4'])
      await catalogue.recordings.eraseIntended(id, noted('Over.'), 20);
    t.equal(await catalogue.tiers.moved('R3'), false, 'what is being erased moves no more');
    t.equal(await catalogue.tiers.begin('R4'), false);
    await catalogue.recordings.erased('R1', 30);
    for (const id of ['R2', 'R3']) await catalogue.recordings.erased(id, 30, true);
    await catalogue.recordings.erased('R4', 30);
    const left = async (after = '') => (await catalogue.tiers.left(after, 9)).map(({ id }) => id);
    t.same(await left(), ['R2', 'R3']);
    t.same(await left('R2'), ['R3']);
    t.same(
      (await Promise.all(['R1', 'R2', 'R3', 'R4'].map(catalogue.recordings.get))).map((one) => one?.tier),
      ['gone', 'archive', 'moving', 'hot'],
    );
    t.equal(await catalogue.tiers.removed('R2'), true);
    t.equal(await catalogue.tiers.removed('R2'), false);
    t.equal(await catalogue.tiers.removed('R4'), false);
    t.same(await left(), ['R3']);
    t.match(await catalogue.recordings.get('R2'), { tier: 'gone', state: 'erased' });
    t.same(await counted(catalogue), { hot: [0, 0], moving: [0, 0], archive: [0, 0] });
  });
};
