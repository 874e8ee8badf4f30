import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Pbx } from '../../support/pbx/pbx.js';
import { until } from '../../support/recorder.js';

/** The tones of the two parties, in Hz: over 10 ms, neither is heard in the other. */
export const TONES = { caller: 700, callee: 1300 } as const;
export type Party = keyof typeof TONES;
export const PARTIES = ['caller', 'callee'] as const;

/** What the two parties of calls with speech play, over and over. */
export const PROMPTS = { caller: 'demo-congrats', callee: 'demo-instruct' } as const;

/** What became of a party's sound, in ms: asked of it, received by the PBX, received by the other party. */
export type Told = { asked: number; received: number; heard: number };
export type Called = { number: string; seconds: number } & Record<Party, Told>;

/** How calls are begun: the PBX bridges them, or has MixMonitor record them too. */
export type Dialled = 'bridge' | 'recorded';

type Channel = {
  id: string;
  state: string;
  caller: { number: string };
  connected: { number: string };
  dialplan: { exten: string };
};
type Statistics = { rxcount: number } | null;

/** Time between the beginnings of two calls, in ms. bench:flood measures calls that begin at the same moment. */
const APART = 100;
/** The RTP ports of a PBX of the laboratory are enough for 220 calls. No other one uses these. */
const PORTS = { pbx: [33_000, 46_998], parties: [47_000, 60_998] } as const;
/** How late a call may begin, in ms: a machine that is further behind does not carry that many calls at once. */
const LATE = 3_000;
/** A packet of sound, in ms. */
const PACKET = 20;
/** Time after the end of the sound until packets are counted, in ms: also calls that began late are over then. */
const ARRIVED = 1_500;
/** Requests to ARI at the same time. */
const AT_ONCE = 8;

/**
 * Places calls whose two parties are channels of a second Asterisk, so that the processor time of the first one is that of a
 * PBX which bridges calls.
 */
export function createCalls(pbx: Pbx, parties: Pbx) {
  let last = 900_000;

  async function begin(dialled: Dialled, sends: (party: Party, number: string) => string): Promise<string> {
    const number = String(++last);
    const to = `${dialled}*${number}*${parties.ports.sip}*${sends('callee', number)}`;
    const query = new URLSearchParams({
      endpoint: `PJSIP/loop/sip:${to}@127.0.0.1:${pbx.ports.sip}`,
      context: 'load',
      extension: sends('caller', number),
      priority: '1',
      channelId: `party-${number}`,
    });
    await parties.ask(`/channels?${query}`, 'POST');
    return number;
  }

  async function end(numbers: readonly string[]): Promise<void> {
    await each(numbers, (number) => parties.ask(`/channels/party-${number}`, 'DELETE'));
    await ended();
  }

  const ended = () =>
    until(
      'the end of the calls',
      async () => (await channels(pbx)).length + (await channels(parties)).length === 0,
      60_000,
    );

  return {
    /** Gives both Asterisks enough RTP ports. To be called once, before the first call. */
    async prepare(): Promise<void> {
      for (const [instance, [first, last]] of [
        [pbx, PORTS.pbx],
        [parties, PORTS.parties],
      ] as const) {
        const file = join(instance.spoolDir, '../etc/rtp.conf');
        writeFileSync(file, `[general]\nrtpstart = ${first}\nrtpend = ${last}\n`);
        await instance.cli('module reload res_rtp_asterisk.so');
      }
    },

    /**
     * Places calls with tones, one after the other, and ends the tones of all at the same time, `held` ms after the last call has
     * begun; `meanwhile` runs in between. Returns what became of the sound, once the calls are hung up. Throws where the machine
     * is too busy to place so many.
     */
    async hum(
      dialled: Dialled,
      count: number,
      held: number,
      meanwhile: () => Promise<void>,
    ): Promise<Called[]> {
      const began = performance.now();
      const over = began + count * APART + held;
      const placed: { number: string; seconds: number }[] = [];
      for (let n = 0; n < count; n++) {
        const due = began + n * APART;
        await wait(due - performance.now());
        if (performance.now() > due + LATE) throw new Error(`the machine is too busy to place call ${n}`);
        const seconds = Math.max(1, (Math.round((over - performance.now()) / PACKET) * PACKET) / 1_000);
        const number = await begin(dialled, (party, of) => `hum*${seconds}*${TONES[party]}*${of}`);
        placed.push({ number, seconds });
      }
      await meanwhile();
      if (performance.now() > over) throw new Error('the machine is too busy to measure anything');
      await wait(over - performance.now() + ARRIVED);
      const told = await counted();
      await end(placed.map(({ number }) => number));
      return placed.map(({ number, seconds }) => {
        const of = (party: Party): Told => ({
          asked: seconds * 1_000,
          received: told.pbx(party, number),
          heard: told.party(party === 'caller' ? 'callee' : 'caller', number),
        });
        return { number, seconds, caller: of('caller'), callee: of('callee') };
      });
    },

    /** Places calls with speech, and returns their numbers once all are up. They go on until `end`. */
    async speak(count: number): Promise<string[]> {
      const numbers: string[] = [];
      for (let n = 0; n < count; n++)
        numbers.push(await begin('bridge', (party, number) => `speech*${PROMPTS[party]}*${number}`));
      await until(
        'the calls',
        async () => (await channels(pbx)).filter((c) => c.state === 'Up').length >= count * 2,
      );
      return numbers;
    },

    end,

    /** Ends whatever calls there are. */
    async clear(): Promise<void> {
      for (const instance of [parties, pbx]) await instance.cli('channel request hangup all');
      await ended();
    },
  };

  /** Returns what each channel has received, in ms. */
  async function counted() {
    const here = new Map<string, number>();
    const there = new Map<string, number>();
    await each(await channels(pbx), async ({ id, connected, dialplan }) => {
      const caller = numberIn(dialplan.exten);
      here.set(caller ? `caller ${caller}` : `callee ${connected.number}`, await received(pbx, id));
    });
    await each(await channels(parties), async ({ id, dialplan }) => {
      const caller = /^party-(\d+)$/.exec(id)?.[1];
      const callee = dialplan.exten.split('*').at(-1);
      there.set(caller ? `caller ${caller}` : `callee ${callee}`, await received(parties, id));
    });
    return {
      pbx: (party: Party, number: string) => here.get(`${party} ${number}`) ?? 0,
      party: (party: Party, number: string) => there.get(`${party} ${number}`) ?? 0,
    };
  }
}

/** Returns the number of a call from what was dialled, or "". */
export const numberIn = (dialled: string): string => /^(?:bridge|recorded)\*(\d+)/.exec(dialled)?.[1] ?? '';

const channels = async (pbx: Pbx) =>
  (await pbx.ask<(Channel & { name: string })[]>('/channels')).filter(({ name }) =>
    name.startsWith('PJSIP/'),
  );

const received = async (pbx: Pbx, id: string): Promise<number> =>
  ((await pbx.ask<Statistics>(`/channels/${id}/rtp_statistics`))?.rxcount ?? 0) * PACKET;

/** Calls `work` for each of them, `atOnce` at a time. */
export async function each<T>(
  list: readonly T[],
  work: (one: T) => Promise<unknown>,
  atOnce = AT_ONCE,
): Promise<void> {
  const left = [...list];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
    }),
  );
}
