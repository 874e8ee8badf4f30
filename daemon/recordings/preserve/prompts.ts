import type { Verbs } from '../../catalogue/catalogue.js';
import type { Alarms } from '../../domain/operations/alarm.js';
import type { PbxId } from '../../domain/pbx.js';
import type { Recording } from '../../domain/recording/recording.js';
import type { Found, PlayedPrompt } from '../../domain/telling/notice.js';
import {
  isExcused,
  isSearched,
  matched,
  ofBothSides,
  PLAYED_WITHIN_MS,
  type Playing,
} from '../../domain/telling/place-found.js';
import { PROMPT_RATES } from '../../domain/telling/prompt.js';
import type { Captured } from '../../encode/captured.js';
import type { PromptSearch, PromptsFound, SearchOrder, Stretch } from '../../encode/prompt-search.js';
import type { Log } from '../../ops/log.js';
import type { EndedCall } from './fate.js';

export type PromptDeps = {
  catalogue: Verbs<'notices.of' | 'notices.found'>;
  /** The samples of a prompt at 16 kHz. Null where Tapedeck has no such prompt; rejects where its file cannot be read. */
  promptAudio: (prompt: PlayedPrompt & { hash: string }) => Promise<Int16Array | null>;
  searchPrompts: (order: SearchOrder) => PromptSearch;
  alarmsOf: (pbx: PbxId) => Pick<Alarms, 'raise' | 'clear'>;
  log: Log;
};

type Wanted = Playing & { seq: number };
/** Playings of one prompt, and the stretches in which they may be. */
type Prompt = { playings: Wanted[]; stretches: Stretch[] };
/** Wants to hear what is sealed, up to a place in ms. */
export type Hearing = { hear: PromptSearch['write']; untilMs: number };
/** What is sealed, as far as it matters where a prompt is looked for. */
type Sealed = Pick<Recording, 'gaps' | 'masks' | 'durationMs'>;

/** An announcement that is not in the recording is told of for so long, in ms. */
const MISSING_STANDS_MS = 7 * 86_400_000;

/**
 * Looks for the prompts that were played in a call in the audio that is sealed. What the PBX says that it played proves nothing by
 * itself.
 */
export function createPromptProof({ catalogue, promptAudio, searchPrompts, alarmsOf, log }: PromptDeps) {
  /** By prompt. One whose samples are not to be had is left out: nothing can be said of it. */
  async function wantedOf(call: EndedCall): Promise<Prompt[]> {
    const { played } = await catalogue.notices.of(call.id);
    const prompts = new Map<string, Prompt & { samples: Int16Array | null }>();
    for (const { seq, prompt, startedAt } of played.filter(isSearched)) {
      const one = prompts.get(prompt.hash) ?? {
        ...{ playings: [], stretches: [] },
        samples: await samplesOf(call, prompt),
      };
      prompts.set(prompt.hash, one);
      const { samples } = one;
      if (!samples) continue;
      const atMs = startedAt - call.answeredAt;
      one.playings.push({ seq, atMs, untilMs: atMs + (samples.length * 1000) / PROMPT_RATES.wav16 });
    }
    return [...prompts.values()].flatMap(({ samples, playings }) =>
      samples
        ? [{ playings: playings.toSorted((a, b) => a.atMs - b.atMs), stretches: around(playings, samples) }]
        : [],
    );
  }

  async function samplesOf(
    call: EndedCall,
    prompt: PlayedPrompt & { hash: string },
  ): Promise<Int16Array | null> {
    const about = { call: call.id, prompt: prompt.hash };
    try {
      const samples = await promptAudio(prompt);
      if (!samples) log.warn(about, 'A prompt that was played is not there any more, and is not looked for');
      return samples;
    } catch (err) {
      log.warn({ ...about, err }, 'A prompt that was played could not be read, and is not looked for');
      return null;
    }
  }

  async function settle(
    call: EndedCall,
    prompts: Prompt[],
    found: PromptsFound[],
    captured: readonly Captured[],
    sealed: Sealed,
  ): Promise<void> {
    let missing = 0;
    let read = 0;
    for (const { playings, stretches } of prompts) {
      const sides = found.slice(read, read + stretches.length);
      read += stretches.length;
      const places = ofBothSides(
        sides.flatMap((s) => s.left),
        sides.flatMap((s) => s.right),
      );
      for (const [n, place] of matched(playings, places).entries()) {
        const playing = playings[n]!;
        const excused = isExcused(playing, heardOn(playing, captured), sealed);
        const result: Found = place ?? { found: false, excused };
        await catalogue.notices.found(playing.seq, result);
        if (!place && !excused) missing++;
      }
    }
    tell(call, missing);
  }

  function tell({ id, pbx, startedAt: at }: EndedCall, prompts: number): void {
    const key = `prompt_not_found ${id}`;
    if (prompts === 0) alarmsOf(pbx).clear(key);
    else
      alarmsOf(pbx).raise(key, {
        severity: 'critical',
        why: { code: 'prompt_not_found', params: { call: id, at, prompts } },
        forMs: MISSING_STANDS_MS,
      });
  }

  return {
    /**
     * Makes a recording, looks meanwhile for what was played, puts on each row where it was found, and raises an alarm for what is
     * missing. Idempotent. `rate`: of the recording, in Hz. Throws what `make` throws, and what the catalogue does.
     */
    async proving<T extends { recording: Sealed }>(
      call: EndedCall,
      rate: number,
      captured: readonly Captured[],
      make: (hearing?: Hearing) => Promise<T>,
    ): Promise<T> {
      const prompts = await wantedOf(call);
      if (prompts.length === 0) return make();
      const search = searchPrompts({
        ...{ rate, promptRate: PROMPT_RATES.wav16 },
        stretches: prompts.flatMap((prompt) => prompt.stretches),
      });
      try {
        const untilMs = Math.max(...prompts.flatMap((p) => p.stretches.map((stretch) => stretch.untilMs)));
        const made = await make({ hear: search.write, untilMs });
        const found = await search.result().catch((err: unknown) => {
          log.warn({ err, call: call.id }, 'Prompts could not be looked for in what was sealed');
          return null;
        });
        if (found) await settle(call, prompts, found, captured, made.recording);
        return made;
      } finally {
        await search.stop();
      }
    },
  };
}

/** Where playings of a prompt may be, as few stretches as possible. */
function around(playings: readonly Playing[], samples: Int16Array): Stretch[] {
  const stretches: Stretch[] = [];
  for (const { atMs, untilMs } of playings.toSorted((a, b) => a.atMs - b.atMs)) {
    const [fromMs, until] = [atMs - PLAYED_WITHIN_MS, untilMs + PLAYED_WITHIN_MS];
    const last = stretches.at(-1);
    if (last && fromMs <= last.untilMs) last.untilMs = until;
    else stretches.push({ samples, fromMs, untilMs: until });
  }
  return stretches;
}

/** The side that has what the captured leg hears, prompts among that. */
function heardOn({ atMs, untilMs }: Playing, captured: readonly Captured[]): 'them' | 'us' {
  const middle = (atMs + untilMs) / 2;
  const there = captured.findLast(({ part }) => part.offsetMs <= middle);
  return there?.segment.swapped ? 'them' : 'us';
}
