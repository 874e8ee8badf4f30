import { setTimeout as pause } from 'node:timers/promises';
import { asBefore } from '../as-before.js';
import type { RecorderLab } from '../recorder.js';
import { dice } from '../search/dice.js';
import type { Lab } from './pbx.js';
import type { Call } from './phone.js';
import { tone } from './sources.js';

/** A stretch of time, in ms. */
export type Span = { from: number; to: number };
/** What the laboratory knows of a call: times are ms since 1970. `quiet`: it has silence of its own, on hold or between legs. */
export type Spoken = Span & { number: string; what: string; quiet: boolean };
/** What was spoken, and when the daemon was there. */
export type Swept = { spoken: Spoken[]; watched: Span[] };

/** Several calls of different kinds at once on a real PBX, while the daemon is killed again and again and started at once. */
export async function sweep(given: {
  lab: Lab;
  recorder: RecorderLab;
  kills: number;
  seed: number;
  /** No kill is begun after this, in ms. */
  most?: number;
  say?: (text: string) => void;
}): Promise<Swept & { kills: number }> {
  const { lab, recorder, seed } = given;
  const chance = dice(seed);
  const between = (low: number, high: number) => low + chance() * (high - low);
  const spoken: Spoken[] = [];
  const watched: Span[] = [];
  const now = new Set<Call>();
  let going = true;
  let n = 0;

  const carrier = await lab.carrier({ source: () => tone(700) });
  const [anna] = await Promise.all(
    (['100', '101', '104'] as const).map((ext) => lab.phone(ext, { source: () => tone(440) })),
  );
  const out = await Promise.all(
    (['102', '103', '105'] as const).map((ext) => lab.phone(ext, { source: () => tone(440) })),
  );

  /** One call after the other, until it is over. */
  async function talker(
    what: string,
    dial: (number: string) => Promise<Call>,
    talk: (call: Call) => Promise<void>,
    quiet = false,
  ) {
    while (going) {
      const number = `555${String(10_000 + n++)}`;
      const call = await dial(number);
      if (!(await call.answered)) continue;
      const from = Date.now();
      now.add(call);
      await Promise.race([talk(call), call.ended]);
      await call.hangup();
      now.delete(call);
      spoken.push({ number, what, from, to: Date.now(), quiet });
      await pause(between(50, 400));
    }
  }
  const inbound = (did: string) => (number: string) =>
    carrier.call(did, { caller: { number }, source: tone(700) });
  const outbound = (i: number) => (number: string) => out[i]!.call(`9${number}`, { source: tone(440) });

  // It has to have watched once before it can know that it did not.
  await recorder.startDaemon();
  let up: number | null = Date.now();
  let last = Promise.resolve(up);
  const talkers = [
    talker('plain', inbound('5551000'), () => pause(between(2_000, 6_000))),
    talker('short', inbound('5557777'), () => pause(between(300, 1_500))),
    talker('long', outbound(1), () => pause(between(6_000, 15_000))),
    talker('ended while nobody watches', outbound(2), () => pause(60_000)),
    talker(
      'held',
      outbound(0),
      async (call) => {
        await pause(between(500, 2_000));
        await call.hold();
        await pause(between(300, 1_500));
        await call.unhold();
        await pause(between(500, 2_000));
      },
      true,
    ),
    talker(
      'transferred',
      inbound('5551000'),
      async (call) => {
        const there = anna!.calls.find((each) => each.caller.number === call.caller.number);
        await pause(between(800, 2_000));
        await there?.refer('104').catch(() => 0);
        await pause(between(800, 2_500));
      },
      true,
    ),
  ];
  const hangUp = async (share: number) => {
    for (const call of [...now]) if (chance() < share) await call.hangup();
  };

  const began = performance.now();
  let kills = 0;
  while (kills < given.kills && performance.now() - began < (given.most ?? Number.POSITIVE_INFINITY)) {
    if (up !== null) await pause(between(100, 3_000));
    await recorder.stopDaemon('SIGKILL');
    if (up !== null) watched.push({ from: up, to: Date.now() });
    kills += 1;
    await hangUp(0.3); // these end while nobody watches
    // Now and then the next one finds what an earlier version left, and may be killed while it takes it over.
    if (chance() < 0.2) asBefore(recorder.dataDir, { keys: chance() < 0.5, half: chance() < 0.3 });
    given.say?.(`${kills} of ${given.kills}, ${spoken.length} calls`);
    const started = recorder.startDaemon().then(() => Date.now());
    started.catch(() => {});
    // Now and then the next kill comes before it is up.
    up = await (chance() < 0.15 && kills < given.kills
      ? Promise.race([started, pause(between(100, 900)).then(() => null)])
      : started);
    last = started;
  }
  up ??= await last;
  await pause(2_000);
  going = false;
  await hangUp(1);
  await Promise.all(talkers);
  watched.push({ from: up, to: Date.now() });
  return { spoken, watched, kills };
}
