import { SILENCE_DB } from './pcm.js';

/**
 * What a lost packet leaves behind in speech where nothing fills it in: silence of one to three frames of 20 ms. Speech
 * has pauses as short, before p, t and k, but it does not fall so steeply.
 */
const PART_MS = 5;
/** Coding blurs the edges, so that a hole of 20 ms may look shorter. In parts of 5 ms. */
const SHORTEST = 3;
const LONGEST = 12;
/** How far the level falls within 10 ms, and rises again, in dB. */
const FALL = 18;
const RISE = 18;
/** Quieter than this is no speech, in dBFS. */
const SPEECH = -40;
/** After a hole speech goes on about as loud as it was: so far below it at most, in dB. */
const DIFFERENCE = 12;

/** Adds up how much of a side was lost, from its levels of 5 ms each in dBFS. */
export function createHoleMeter() {
  /** The two levels before this one. */
  let last = SILENCE_DB;
  let before = SILENCE_DB;
  let parts = 0;
  let reference = 0;
  let lost = 0;
  let pending: { parts: number; reference: number; from: number } | null = null;

  return {
    add(db: number): void {
      // A part that lies across the end of the hole is half silent: the next one counts as well.
      if (pending) {
        if (db >= pending.reference - DIFFERENCE && db >= pending.from + RISE) lost += pending.parts;
        pending = null;
      }
      if (parts > 0) {
        if (db <= reference - FALL) parts++;
        else {
          if (parts >= SHORTEST && parts <= LONGEST) {
            if (db >= reference - DIFFERENCE && db >= last + RISE) lost += parts;
            else pending = { parts, reference, from: last };
          }
          parts = 0;
        }
      } else {
        const loud = Math.max(last, before);
        if (loud >= SPEECH && db <= loud - FALL) {
          parts = 1;
          reference = loud;
        }
      }
      before = last;
      last = db;
    },
    ms: () => lost * PART_MS,
  };
}
