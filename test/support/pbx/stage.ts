import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createLab, type Extension, type Pbx } from './pbx.js';
import type { Call, CallOptions, Phone, PhoneOptions } from './phone.js';
import { type Source, tone } from './sources.js';

/** Every party has a tone of its own, in Hz, so that a recording tells who is on which side and when. */
export const TONES = { a: 500, b: 700, c: 900, d: 1100, o: 1300, p: 1700 } as const;
export type Voice = keyof typeof TONES;
const OWN: Voice[] = ['a', 'b', 'c', 'd'];

/**
 * First sequence numbers rise from call to call within a scenario, and farther than one call counts: whoever comes to be
 * heard later has the higher numbers. With lower ones Debian's 22.10.1 falls silent in a snoop, which is a fault of its
 * own with a test of its own; here it would hide everything else.
 */
const FIRST_SEQ = 1000;
const SEQ_STEP = 4500;

export type Actor = { user: Extension; phone: Phone; voice: Voice };

export type Stage = {
  pbx: Pbx;
  /** The phones of this scenario, in order. */
  actors: Actor[];
  /** The outside calls a number of ours. */
  outside: (did: string, options?: CallOptions) => Promise<Call>;
  /** The outside is called: the number as it goes to the line. Its voice is `p` where the number ends with 9, else `o`. */
  outsideRings: (number: string) => Promise<Call>;
  /** The outside caller's number, and one for it to be called by: no other scenario has them. */
  caller: string;
  dialled: (last: number) => string;
  /** People talk, or wait, for so long. */
  seconds: (n: number) => Promise<void>;
};

/**
 * Phones and a carrier for many scenarios at once on one PBX: each scenario has phones of its own while it plays. Ends
 * what is left of its calls afterwards.
 */
export function createStages(pbx: Pbx) {
  const lab = createLab(pbx);
  /** These are for scenarios that name them: the queue has two of them. */
  const named = new Set<Extension>(['100', '101', '102']);
  /** 122 is an emergency number somewhere. */
  const free = new Set(
    '103 104 105 106 107 108 109 120 121 123 124 125 126 127 128 129'.split(' ') as Extension[],
  );
  const waiting: (() => void)[] = [];
  const rising = new Map<string, number>();
  let scenarios = 0;
  let outsiders = 0;
  let carrier: Phone;

  const rtpOf = (scenario: string) => () => {
    const calls = rising.get(scenario) ?? 0;
    rising.set(scenario, calls + 1);
    return { firstSeq: FIRST_SEQ + SEQ_STEP * calls };
  };

  async function take(wanted: number | Extension[]): Promise<Extension[]> {
    for (;;) {
      if (typeof wanted === 'number' && free.size >= wanted) {
        const got = [...free].slice(0, wanted);
        for (const e of got) free.delete(e);
        return got;
      }
      if (typeof wanted !== 'number' && wanted.every((e) => named.has(e))) {
        for (const e of wanted) named.delete(e);
        return wanted;
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  }

  function give(back: Extension[]): void {
    for (const e of back) (e <= '102' ? named : free).add(e);
    for (const resolve of waiting.splice(0)) resolve();
  }

  return {
    async start(): Promise<void> {
      carrier = await lab.carrier({
        source: (called) => tone(called.endsWith('9') ? TONES.p : TONES.o),
        // Whom we call outside joins late, so its numbers are high.
        rtp: () => ({ firstSeq: 40_000 + 1000 * (outsiders++ % 20) }),
      });
    },

    /** Plays one scenario on phones that nobody else has. Gives what `play` gives. */
    async play<T>(
      scenario: {
        name: string;
        phones: number | Extension[];
        options?: (index: number, voice: Voice) => Partial<PhoneOptions>;
      },
      play: (stage: Stage) => Promise<T>,
    ): Promise<T> {
      const users = await take(scenario.phones);
      const n = ++scenarios;
      const caller = `+1646555${String(1000 + n)}`;
      const rtp = rtpOf(scenario.name);
      const actors: Actor[] = [];
      const calls: Call[] = [];
      const source = (voice: Voice) => (): Source => tone(TONES[voice]);
      try {
        for (const [i, user] of users.entries()) {
          const voice = OWN[i]!;
          const phone = await lab.phone(user, {
            displayName: `Phone ${user}`,
            source: source(voice),
            rtp,
            ...scenario.options?.(i, voice),
          });
          actors.push({ user, phone, voice });
        }
        return await play({
          pbx,
          actors,
          caller,
          dialled: (last) => `1212${String(5000 + n)}00${last}`,
          seconds: (s) => delay(s * 1000),
          outside: async (did, options = {}) => {
            const call = await carrier.call(did, {
              caller: { number: caller },
              source: tone(TONES.o),
              rtp: rtp(),
              ...options,
            });
            calls.push(call);
            return call;
          },
          outsideRings: async (number) => {
            const call = await carrier.incoming({ called: number });
            calls.push(call);
            return call;
          },
        });
      } finally {
        await Promise.allSettled(calls.map((call) => call.hangup()));
        await Promise.allSettled(actors.map(({ user }) => lab.remove(user)));
        give(users);
      }
    },

    /** Channels and bridges that there are now. */
    there: async () => ({
      channels: await pbx.ask<{ id: string; name: string }[]>('/channels'),
      bridges: await pbx.ask<{ id: string; name: string }[]>('/bridges'),
    }),
    spool: (): string[] => readdirSync(pbx.recordingDir),
    stop: () => lab.stop(),
  };
}
