import type { Verbs } from '../catalogue/catalogue.js';
import { TapedeckError } from '../domain/error.js';
import { type Delivery, isDue, type Notice, nextTry } from '../domain/operations/notice.js';
import type { Channel } from '../notify/channel.js';
import type { Log } from '../ops/log.js';

/**
 * Story 6, its second half: a message goes out over every channel until somebody takes it, over restarts and for days.
 * Each channel has a queue of its own, so that a dead mail server keeps no webhook waiting. Whoever receives may get the
 * same message twice, with the same id, when this process ends between sending and writing that down.
 */
export type DeliverDeps = {
  catalogue: Verbs<'alarms.saveDelivery' | 'alarms.openDeliveries'>;
  channels: readonly Channel[];
  clock: () => number;
  log: Log;
  /** A channel has failed several times in a row (why), or works again (null). */
  onTrouble: (channel: Channel['name'], why: string | null) => void;
};

const TICK_MS = 250;
/** A channel that failed this often in a row is in trouble. */
const TROUBLE = 3;
/** What is being sent when the process ends has this long, in ms. */
const DRAIN_MS = 3_000;

/** Sends a notice over every channel at once, and returns what became of it. Never throws. */
export const sendTest = (
  channels: readonly Channel[],
  notice: Notice,
  signal = new AbortController().signal,
): Promise<Outcome[]> =>
  Promise.all(
    channels.map(async (channel) => {
      const { name, target } = channel;
      try {
        return { channel: name, target, ok: true, detail: await channel.send(notice, signal) };
      } catch (e) {
        return { channel: name, target, ok: false, detail: reasonOf(e) };
      }
    }),
  );

/** The key of the alarm that a channel fails. It is not told over that channel. */
export const channelAlarm = (channel: string): string => `alerts_${channel}`;

export type Outcome = { channel: string; target: string; ok: boolean; detail: string };

export function createDeliver(deps: DeliverDeps) {
  const lines = deps.channels.map((channel) => ({
    channel,
    queue: [] as Delivery[],
    working: null as Promise<void> | null,
    failures: 0,
    lastSentAt: null as number | null,
    lastTold: Number.NEGATIVE_INFINITY,
    failingSince: null as number | null,
    problem: '',
  }));
  type Line = (typeof lines)[number];
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;

  async function write(delivery: Delivery): Promise<void> {
    await deps.catalogue.alarms
      .saveDelivery(delivery)
      .catch((err) => deps.log.warn({ err }, 'A message on its way could not be written down'));
  }

  function tick(): void {
    const now = deps.clock();
    for (const line of lines) {
      const due = line.queue.find((d) => isDue(d, now));
      if (due && !line.working && !ending.signal.aborted)
        line.working = attempt(line, due).finally(() => {
          line.working = null;
          tick();
        });
    }
  }

  async function attempt(line: Line, delivery: Delivery): Promise<void> {
    const { channel } = line;
    try {
      await channel.send(delivery.notice, ending.signal);
      delivery.sentAt = deps.clock();
      delivery.problem = '';
      Object.assign(line, { failures: 0, failingSince: null, problem: '', lastSentAt: delivery.sentAt });
      deps.log.info({ channel: channel.name, notice: delivery.notice.id }, 'Told');
      // What failed before is not made to wait any longer.
      for (const d of line.queue) d.nextAt = 0;
      deps.onTrouble(channel.name, null);
    } catch (e) {
      if (ending.signal.aborted) return;
      failed(line, delivery, reasonOf(e));
    }
    if (delivery.sentAt !== null || delivery.givenUpAt !== null)
      line.queue.splice(line.queue.indexOf(delivery), 1);
    await write(delivery);
  }

  function failed(line: Line, delivery: Delivery, problem: string): void {
    const now = deps.clock();
    delivery.attempts++;
    delivery.problem = problem;
    const next = nextTry(delivery.notice.at, delivery.attempts, now);
    if (next === null) delivery.givenUpAt = now;
    else delivery.nextAt = next;
    line.failures++;
    line.failingSince ??= now;
    line.problem = problem;
    deps.log.warn(
      { channel: line.channel.name, notice: delivery.notice.id, attempts: delivery.attempts, problem },
      next === null ? 'A message was given up' : 'A message could not be delivered; it is tried again',
    );
    if (line.failures >= TROUBLE) deps.onTrouble(line.channel.name, problem);
  }

  return {
    tell(notice: Notice): void {
      for (const line of lines) {
        const own = channelAlarm(line.channel.name);
        if (notice.alarms.length === 1 && notice.alarms[0]!.key === own) continue;
        const since = notice.at - line.lastTold; // below zero once the clock was set back
        if (since >= 0 && since < (line.channel.everyMs ?? 0)) continue;
        line.lastTold = notice.at;
        const delivery: Delivery = {
          channel: line.channel.name,
          notice,
          attempts: 0,
          nextAt: deps.clock(),
          sentAt: null,
          givenUpAt: null,
          problem: '',
        };
        line.queue.push(delivery);
        void write(delivery).then(tick);
      }
    },

    /** Sends at once, outside of the queues. */
    test: (notice: Notice): Promise<Outcome[]> => sendTest(deps.channels, notice, ending.signal),

    status: () =>
      lines.map(({ channel, queue, lastSentAt, failingSince, problem }) => ({
        channel: channel.name,
        target: channel.target,
        waiting: queue.length,
        lastSentAt,
        failingSince,
        problem,
      })),

    /** Takes up what the last process could not deliver. */
    async start(): Promise<void> {
      const left = await deps.catalogue.alarms.openDeliveries().catch((err) => {
        deps.log.error({ err }, 'Messages that the last run could not deliver could not be read');
        return [];
      });
      for (const line of lines) line.queue.unshift(...left.filter((d) => d.channel === line.channel.name));
      timer = setInterval(tick, TICK_MS);
      tick();
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      const cut = setTimeout(() => ending.abort(), DRAIN_MS);
      await Promise.all(lines.map((line) => line.working));
      clearTimeout(cut);
      ending.abort();
    },
  };
}

function reasonOf(e: unknown): string {
  const text =
    e instanceof TapedeckError ? e.detail || e.message : e instanceof Error ? e.message : String(e);
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, 300);
}
