import { appendFileSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { type Captured, createMuteWatch } from '../../../daemon/capture/mute.js';
import { spoolName } from '../../../daemon/domain/recording/recording.js';
import { T0, token } from '../../support/record-lab.js';

/** Files as Asterisk writes them: 8 kHz, 16 bit. */
const BYTES_PER_MS = 16;
const SEGMENT = { callId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', seq: 0, token };

function watched(t: Test) {
  const dir = t.testdir({});
  const told: string[] = [];
  const logged: { side?: string; msg: string }[] = [];
  const captured: Captured = {
    ...SEGMENT,
    ...{ feed: 'bob', held: false, maskedSince: null, inStartedAt: T0, outStartedAt: T0 },
  };
  const file = (side: 'in' | 'out') => join(dir, `${spoolName(captured, side)}.wav`);
  const header = Buffer.alloc(44);
  header.writeUInt32LE(8000, 24);
  const begin = () => {
    for (const side of ['in', 'out'] as const) writeFileSync(file(side), header);
  };
  begin();
  const watch = createMuteWatch({
    captures: () => [captured],
    size: async (name) => statSync(join(dir, `${name}.wav`), { throwIfNoEntry: false })?.size ?? null,
    open: (name) => open(join(dir, `${name}.wav`)).catch(() => null),
    known: () => true,
    heal: (_call, seq) => told.push(`heal ${seq}`),
    cured: () => told.push('cured'),
    log: pino({ base: null }, { write: (line) => void logged.push(JSON.parse(line)) }),
  });
  /** So many ms of sound, or of silence, come to be on a side or on both. */
  const write = (ms: number, byte: 0 | 1, sides: readonly ('in' | 'out')[] = ['in', 'out']) => {
    for (const side of sides) appendFileSync(file(side), Buffer.alloc(ms * BYTES_PER_MS, byte));
  };
  /** The next segment, as after a cure. */
  const anew = () => {
    captured.seq++;
    begin();
  };
  return { anew, captured, told, logged, watch, write };
}

t.test('a side that falls silent is to be begun anew', async (t) => {
  const { told, watch, write } = watched(t);
  write(2_000, 1);
  await watch.look();
  for (const _ of [1, 2, 3]) {
    write(2_000, 0, ['out']);
    write(2_000, 1, ['in']);
    await watch.look();
  }
  t.same(told, ['heal 0']);
});

t.test('the silence of a mask is no mute, and none just after it either', async (t) => {
  const { captured, told, watch, write } = watched(t);
  write(2_000, 1);
  await watch.look();
  captured.maskedSince = T0 + 2_000;
  for (let n = 0; n < 30; n++) {
    write(2_000, 0);
    await watch.look();
  }
  captured.maskedSince = null;
  write(3_000, 0);
  await watch.look();
  write(3_000, 1);
  await watch.look();
  t.same(told, []);
});

t.test('sound that is written in spite of a mask is logged, once for each side and mask', async (t) => {
  const { captured, told, logged, watch, write } = watched(t);
  const sides = () => logged.flatMap(({ side, msg }) => (/silenced before sealing/.test(msg) ? [side] : []));
  write(2_000, 1);
  await watch.look();
  captured.maskedSince = T0 + 2_100;
  // What was said until the mask took hold.
  write(200, 1);
  write(1_800, 0);
  await watch.look();
  t.same(sides(), []);
  write(1_000, 1, ['out']);
  write(1_000, 0, ['in']);
  await watch.look();
  t.same(sides(), ['out']);
  write(1_000, 1, ['out']);
  write(1_000, 0, ['in']);
  await watch.look();
  t.same(sides(), ['out']);
  captured.maskedSince = T0 + 7_000;
  write(4_000, 1);
  await watch.look();
  t.same(sides().slice(1).sort(), ['in', 'out']);
  t.same(told, [], 'and begins nothing anew');
});

t.test(
  'a cure whose sound does not last is not repeated at once: it is a seam for the other side',
  async (t) => {
    const { anew, told, watch, write } = watched(t);
    const speak = async (ms: number, silentMs: number) => {
      write(ms, 1);
      await watch.look();
      for (let left = silentMs; left > 0; left -= 2_000) {
        write(2_000, 0, ['in']);
        write(2_000, 1, ['out']);
        await watch.look();
      }
    };
    await speak(2_000, 6_000);
    anew();
    await speak(1_000, 20_000);
    t.same(told, ['heal 0', 'cured'], 'sound for a second, then silence again');
  },
);

t.test('a cure whose sound lasts is repeated at once when the side falls silent again', async (t) => {
  const { anew, told, watch, write } = watched(t);
  for (const sound of [2_000, 2_000, 2_000]) {
    write(sound, 1);
    await watch.look();
  }
  const silence = async () => {
    for (const _ of [1, 2, 3]) {
      write(2_000, 0, ['in']);
      write(2_000, 1, ['out']);
      await watch.look();
    }
  };
  await silence();
  anew();
  for (const _ of [1, 2, 3]) {
    write(2_000, 1);
    await watch.look();
  }
  await silence();
  t.same(told, ['heal 0', 'cured', 'heal 1']);
});
