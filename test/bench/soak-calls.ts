import { setTimeout as wait } from 'node:timers/promises';
import type { Lab } from '../support/pbx/pbx.js';
import type { Call, Phone } from '../support/pbx/phone.js';
import type { Source } from '../support/pbx/sources.js';
import { until } from '../support/recorder.js';

/** The kinds of call of a soak, as the phones live them. Everything that is chosen is chosen by a seed. */
export const KINDS = ['in', 'out', 'internal', 'hold', 'queue', 'blind', 'attended', 'park'] as const;
type Kind = (typeof KINDS)[number];

export type Soaked = {
  n: number;
  kind: Kind;
  /** What names it in the catalogue: the outside party's number, or the two extensions. */
  key: string;
  startedAt: number;
  /** By the phones' own account; null when nobody answered. */
  answeredAt: number | null;
  endedAt: number;
  /** When each of the first two parties began each of its clicks, in ms since 1970: the one who is on the left, and the other. */
  clicks: [number[], number[]];
  fault: string | null;
};

/** Hz of the clicks on either side. */
export const CLICKS = [700, 1500] as const;
const CLICK_FRAMES = 3;
const EVERY_FRAMES = 50;

/** A click of 60 ms each second, faint noise between them as of a quiet room, and a note of when each began. */
function clicks(hz: number, log: number[]): Source {
  let n = 0;
  return {
    frame: () => {
      const at = n++ % EVERY_FRAMES;
      if (at === 0) log.push(performance.timeOrigin + performance.now());
      if (at >= CLICK_FRAMES)
        return Int16Array.from({ length: 160 }, () => Math.round((Math.random() - 0.5) * 120));
      return Int16Array.from({ length: 160 }, (_, i) =>
        Math.round(9000 * Math.sin((2 * Math.PI * hz * (at * 160 + i)) / 8000)),
      );
    },
    finished: () => false,
  };
}

const EXTENSIONS = ['100', '101', '102', '103', '104', '105', '106', '107'] as const;
type Extension = (typeof EXTENSIONS)[number];

export async function createSoakCalls(lab: Lab, random: () => number) {
  const phones = new Map<Extension, Phone>();
  for (const extension of EXTENSIONS) phones.set(extension, await lab.phone(extension));
  const carrier = await lab.carrier();
  const busy = new Set<Extension>();
  let parking = false;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

  /** The call that this phone has just been given; it is in no other. */
  const given = (phone: Phone, since: number): Promise<Call> =>
    until(`the call at ${phone.user}`, () =>
      phone.calls.slice(since).find((c) => c.direction === 'in' && c.state() === 'up'),
    );

  /** Phones for a call of this kind, taken from those that are free; null when there are too few. */
  function take(kind: Kind): Extension[] | null {
    const free = EXTENSIONS.filter((e) => !busy.has(e));
    const want = { in: 1, hold: 1, out: 1, internal: 2, queue: 2, blind: 2, attended: 2, park: 2 }[kind];
    // The queue rings 101 and 102 at once.
    const fixed: Extension[] = kind === 'queue' ? ['101', '102'] : [];
    if (fixed.some((e) => busy.has(e)) || (kind === 'park' && parking)) return null;
    const rest = free.filter((e) => !fixed.includes(e));
    const taken = [...fixed];
    while (taken.length < want && rest.length > 0)
      taken.push(...rest.splice(Math.floor(random() * rest.length), 1));
    return taken.length === want ? taken : null;
  }

  async function talk(soaked: Soaked, extensions: Extension[], seconds: number): Promise<void> {
    const [first, second] = extensions.map((e) => phones.get(e)!) as [Phone, Phone | undefined];
    const before = new Map([...phones.values()].map((p) => [p, p.calls.length]));
    const [left, right] = soaked.clicks;
    const say = (call: Call, side: 0 | 1) => call.say(clicks(CLICKS[side], side === 0 ? left : right));
    const { kind, n } = soaked;
    const outward = carrier.calls.length;
    let call: Call;
    if (kind === 'out') {
      soaked.key = `555${String(n).padStart(6, '0')}`;
      call = await first.call(`9${soaked.key}`);
    } else if (kind === 'internal') {
      soaked.key = `${first.user}-${second!.user}`;
      call = await first.call(second!.user);
    } else {
      soaked.key = `+1555${String(n).padStart(7, '0')}`;
      const did = kind === 'queue' ? '5552000' : `5554${first.user}`;
      call = await carrier.call(did, { caller: { number: soaked.key } });
    }
    if (!(await call.answered)) return;
    soaked.answeredAt = Date.now();
    say(call, kind === 'out' ? 1 : 0);
    const enough = wait(seconds * 1000);
    try {
      if (kind === 'out') {
        const far = carrier.calls.slice(outward).find((c) => c.called === soaked.key);
        if (far) say(far, 0);
      } else if (kind === 'internal') say(await given(second!, before.get(second!)!), 1);
      else if (kind !== 'queue') {
        const near = await given(first, before.get(first)!);
        say(near, 1);
        if (kind === 'hold') await hold(near, seconds);
        else if (kind !== 'in') await move(kind, near, first, second!, seconds);
      }
      await Promise.race([enough, call.ended]);
    } finally {
      soaked.endedAt = Date.now();
      await call.hangup();
      // A phone that was transferred to, or that was left with nobody, is free again too.
      await wait(300);
      for (const phone of [first, second])
        for (const c of phone?.calls ?? []) if (c.state() !== 'ended') await c.hangup();
    }
  }

  async function hold(near: Call, seconds: number): Promise<void> {
    await wait(seconds * 300);
    if (near.state() !== 'up') return;
    await near.hold();
    await wait(seconds * 300);
    if (near.state() === 'up') await near.unhold();
  }

  async function move(kind: Kind, near: Call, first: Phone, second: Phone, seconds: number): Promise<void> {
    await wait(Math.min(4, seconds / 3) * 1000);
    if (near.state() !== 'up') return;
    if (kind === 'blind') await near.refer(second.user);
    else if (kind === 'park') {
      parking = true;
      try {
        await near.refer('700');
        await wait(1500);
        await (await second.call('701')).answered;
      } finally {
        parking = false;
      }
    } else {
      const consult = await first.call(second.user);
      if (!(await consult.answered)) return;
      await wait(1500);
      if (near.state() === 'up') await near.referReplaces(consult);
    }
  }

  /** 0 to 120 s, most of them short, a third of them of 0 to 3 s. */
  const length = (): number => {
    const x = random();
    if (x < 0.33) return random() * 3;
    return x < 0.9 ? 3 + random() * 27 : 30 + random() * 90;
  };

  return {
    busy: () => busy.size,
    /** Begins a call if there are phones for it. Gives what became of it, when it is over. */
    begin(n: number, longest: number): Promise<Soaked> | null {
      const kind = pick(KINDS);
      const seconds = Math.min(
        longest,
        kind === 'in' || kind === 'out' || kind === 'internal' ? length() : 6 + length(),
      );
      const extensions = take(kind);
      if (!extensions) return null;
      for (const e of extensions) busy.add(e);
      const soaked: Soaked = {
        n,
        kind,
        key: '',
        startedAt: Date.now(),
        answeredAt: null,
        endedAt: 0,
        clicks: [[], []],
        fault: null,
      };
      return talk(soaked, extensions, seconds)
        .catch((e: Error) => {
          soaked.fault = e.message;
        })
        .then(() => {
          for (const e of extensions) busy.delete(e);
          soaked.endedAt ||= Date.now();
          return soaked;
        });
    },
  };
}
