import { serialQueue } from '../ops/turns.js';

/** What masking asks of the PBX. Each returns false when there is no such recording. */
export type PbxMuter = {
  mute(name: string, muted: boolean): Promise<boolean>;
  pause(name: string, paused: boolean): Promise<boolean>;
};

export type MaskingDeps = {
  pbx: PbxMuter;
  /** The PBX mutes each recording once only, and unmutes it by a toggle (`recording-mutes-once` of known-faults). */
  mutesOnce: () => boolean;
};

/** `muted` and `heard` were asked for and confirmed; a recording that is not in the list may be either. */
type State = 'new' | 'muted' | 'heard';

export type Masking = ReturnType<typeof createMasking>;

/**
 * Has Asterisk write digital silence in place of sound, and time go on. Asterisk itself only has a switch, and does not tell
 * its position (measured on 16.28 and 22.10.1, read in res_stasis_recording.c):
 * - before 18.20 and 20.5, a mute is forgotten by nothing but the end of the recording: the second one does nothing, and
 *   each unmute turns the switch, also the one that was not needed;
 * - since then a mute that is repeated turns the sound back on. An unmute that is repeated does nothing.
 * So a mute is never sent twice on the newer ones, and no unmute is sent to the older ones at all. Where the position is not
 * known, after a restart or an answer that was lost, the recording is paused while it is found out: so no sound is written.
 */
export function createMasking({ pbx, mutesOnce }: MaskingDeps) {
  const states = new Map<string, State>();
  const queues = new Map<string, ReturnType<typeof serialQueue>>();

  function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const queue = queues.get(name) ?? serialQueue();
    queues.set(name, queue);
    return queue.run(work);
  }

  /** Until the answer is there the position is not known. */
  async function turn(name: string, to: 'muted' | 'heard', ask: () => Promise<boolean>): Promise<void> {
    states.delete(name);
    if (await ask()) states.set(name, to);
  }

  /**
   * From whatever position to silence. Costs the time of a frame or two, and writes no sound: where it does not come to an end
   * the recording stays paused, until it is muted or unmuted.
   */
  async function surelyMute(name: string): Promise<boolean> {
    if (!(await pbx.pause(name, true))) return false;
    await pbx.mute(name, false);
    return (await pbx.mute(name, true)) && (await pbx.pause(name, false));
  }

  return {
    /** A recording of this name has just begun: it is heard, and was never muted. */
    begun: (name: string): void => void states.set(name, 'new'),

    /** Nothing of this name is recorded any more. */
    over(name: string): void {
      states.delete(name);
      queues.delete(name);
    },

    /** Resolves when nothing but silence is written, or nothing at all. Throws what the PBX says; then it may be either. */
    mute: (name: string): Promise<void> =>
      inTurn(name, async () => {
        const state = states.get(name);
        if (state === 'muted') return;
        const known = state !== undefined || mutesOnce();
        await turn(name, 'muted', () => (known ? pbx.mute(name, true) : surelyMute(name)));
      }),

    /**
     * Resolves with true when sound is written again; with false when this PBX cannot do that, and the capture has to be begun
     * anew. After a restart only for a recording that a mask has touched. Throws what the PBX says.
     */
    unmute: (name: string): Promise<boolean> =>
      inTurn(name, async () => {
        const state = states.get(name);
        if (state === 'new' || state === 'heard') return true;
        if (mutesOnce()) return false;
        await turn(name, 'heard', async () => {
          if (state === undefined) await pbx.pause(name, false);
          return pbx.mute(name, false);
        });
        return true;
      }),
  };
}
