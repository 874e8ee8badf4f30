import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { createAnnouncer, type Prompt, type Told } from '../../../daemon/calls/record/announce.js';
import { createCapture } from '../../../daemon/capture/snoop.js';
import { type CallState, emptyState, step } from '../../../daemon/domain/call/call.js';
import type { PbxEvent } from '../../../daemon/domain/call/event.js';
import { companionsOf } from '../../../daemon/domain/call/feed.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { type CallRecord, type SegmentName, spoolName } from '../../../daemon/domain/recording/recording.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createAmi } from '../../../daemon/pbx/ami.js';
import { createAri } from '../../../daemon/pbx/ari.js';
import { createPrompts, type PromptFiles } from '../../../daemon/pbx/prompts.js';
import { translateAri, translateSnapshot } from '../../../daemon/pbx/translate.js';
import { until } from '../recorder.js';
import { readWav } from '../recordings/audio.js';
import type { Pbx } from './pbx.js';

/** One call as the announcer's test sees it: what was captured of it, and how it was told. */
export type Announced = { call: CallRecord; segment: SegmentName | null; told: Told[] };

const TOKEN = '0123456789abcdef'.repeat(2);

/** A prompt's files, from a wav of 8 kHz. */
export const promptFiles = (file: string, hash: string): PromptFiles => ({
  ...{ hash: hash.repeat(64).slice(0, 64), wav: readFileSync(file), wav16: null },
});

/** How long a wav of 8 kHz lasts, in ms. */
export const lengthOf = (file: string): number => readWav(file).seconds * 1000;

/**
 * A small recorder: every call that is answered is captured at its anchor, and told by `prompt` through that leg's companion.
 * The parts are the daemon's own. `prompt` is asked for when it has connected.
 */
export async function createAnnouncing(
  pbx: Pick<Pbx, 'ari' | 'ami'>,
  prompt: (parts: Parts) => Promise<Prompt | null>,
) {
  const log = createLog('warn', 'test');
  const calls = new Map<string, Announced>();
  const heard: PbxEvent[] = [];
  const cdrs: string[] = [];
  let state: CallState = emptyState;
  let said: Prompt | null = null;
  let up: (now: { channels: unknown[]; bridges: unknown[] }) => void = () => {};
  const connected = new Promise<{ channels: unknown[]; bridges: unknown[] }>((resolve) => {
    up = resolve;
  });
  const ari = createAri({
    ...pbx.ari,
    ...{ app: 'tapedeck', log, now: Date.now, onUp: (now) => up(now), onDown: () => {} },
    onEvent: (raw) => {
      const event = translateAri(raw, Date.now());
      if (event) hear(event);
    },
  });
  const ami = createAmi({
    ...pbx.ami,
    ...{ log, now: Date.now, onUp: () => {}, onDown: () => {} },
    onEvent: (raw) => {
      const event = Object.fromEntries(
        Object.entries(raw as object).map(([key, value]) => [key.toLowerCase(), value]),
      );
      if (event.event === 'Cdr') cdrs.push(String(event.channel));
    },
  });
  const capture = createCapture({
    ...{ pbx: ari, spoolSize: async () => null, log },
    ...{ mutesOnce: () => false, onSilent: () => {} },
  });
  const announcer = createAnnouncer({
    ...{ pbx: ari, clock: Date.now, log },
    onTold: (told) => calls.get(told.callId)?.told.push(told),
    onGivenUp: () => {},
  });

  function hear(event: PbxEvent): void {
    heard.push(event);
    capture.hear(event);
    announcer.hear(event);
    const next = step(state, event, { pbx: FIRST, trunkContexts: ['from-trunk'], mint: () => ulid() });
    state = next.state;
    for (const effect of next.effects) {
      if (effect.kind === 'absorbed') {
        announcer.end(effect.from);
        calls.delete(effect.from);
      } else if (effect.kind === 'ended') announcer.end(effect.call.id);
      else follow(effect.call, effect.anchor);
    }
  }

  function follow(call: CallRecord, anchor: string | null): void {
    const known: Announced = calls.get(call.id) ?? { call, segment: null, told: [] };
    known.call = call;
    calls.set(call.id, known);
    if (call.answeredAt === null || anchor === null) return;
    const others = companionsOf(state, anchor);
    if (known.segment) {
      announcer.present(call.id, anchor, others);
      return;
    }
    known.segment = { callId: call.id, seq: 0, token: TOKEN };
    void announced(call.id, anchor, known.segment).catch((err) => log.error({ err }, 'not captured'));
  }

  /** The capture runs before the prompt begins, so that the recording has its first word. */
  async function announced(callId: string, anchor: string, segment: SegmentName): Promise<void> {
    await capture.begin({ ...segment, swapped: false }, anchor);
    if (said && calls.has(callId))
      await announcer.tell(callId, said, { captured: anchor, others: companionsOf(state, anchor) });
  }

  ami.start();
  ari.start();
  const now = await connected;
  await announcer.takeUp(translateSnapshot(now.channels, now.bridges, Date.now()));
  said = await prompt({ ari });

  return {
    ...{ ari, announcer, heard, cdrs },
    /** Another prompt for the calls that follow. */
    say: (other: Prompt | null) => {
      said = other;
    },
    /** The call in which so many prompts have been played, or have failed. */
    told: (times: number): Promise<Announced> =>
      until(
        `${times} prompts`,
        () => [...calls.values()].at(-1)?.told.length === times && [...calls.values()].at(-1)!,
      ),
    call: (): Announced => [...calls.values()].at(-1)!,
    /** A side that was captured, once its file is closed. */
    async recorded(recordingDir: string, segment: SegmentName, side: 'in' | 'out') {
      await capture.finished(segment);
      return readWav(join(recordingDir, `${spoolName(segment, side)}.wav`)).channels[0]!;
    },
    async stop(): Promise<void> {
      announcer.stop();
      capture.stop();
      await Promise.all([ari.stop(), ami.stop()]);
    },
  };
}

export type Parts = { ari: ReturnType<typeof createAri> };
export type Announcing = Awaited<ReturnType<typeof createAnnouncing>>;

/** A prompt in the spool that both see. */
export async function inSpool(pbx: Pick<Pbx, 'recordingDir'>, { ari }: Parts, file: string): Promise<Prompt> {
  const prompts = createPrompts({
    ...{ spool: pbx.recordingDir, hasStored: ari.hasStored, server: null, log: createLog('warn', 'test') },
  });
  return { media: await prompts.offer(promptFiles(file, 'a1')), durationMs: lengthOf(file) };
}
