import type { Verbs } from '../catalogue/catalogue.js';
import type { Recording } from '../domain/recording/recording.js';
import type { Registered } from '../domain/recording/registered.js';
import type { Log } from '../ops/log.js';
import type { AnyKeys } from '../vault/keys.js';

/**
 * Story 11, before there was a register: what was sealed until then is taken in once, as row and manifest say at that time. From
 * then on a recording that the register does not know was not sealed here.
 */
export type RegisteringDeps = {
  catalogue: Verbs<'recordings.get' | 'recordings.after' | 'seals.manifest'>;
  register: AnyKeys['register'];
  clock: () => number;
  log: Log;
  /** Recordings that are taken in at once, and how long others have their turn after that, in ms. */
  page?: number;
  pauseMs?: number;
};

const PAGE = 200;
const PAUSE_MS = 5;

export function createRegistering({ catalogue, register, clock, log, ...pace }: RegisteringDeps) {
  const { page: size = PAGE, pauseMs = PAUSE_MS } = pace;
  let stopped = false;
  let working: Promise<void> = Promise.resolve();

  const asNow = async ({ id, plainSha256, sealedSha256 }: Recording): Promise<Registered> => ({
    recordingId: id,
    plainSha256,
    sealedSha256,
    manifestSha256: (await catalogue.seals.manifest(id))?.sha256 ?? null,
  });

  async function takeIn(recordings: readonly Recording[]): Promise<void> {
    const entries: Registered[] = [];
    for (const recording of recordings) entries.push(await asNow(recording));
    await register().takeIn(entries, clock());
  }

  /** A stop may have come between a row and the note that it is there. */
  async function settle(): Promise<void> {
    for (const id of await register().unsettled())
      if (await catalogue.recordings.get(id)) await register().settle(id);
  }

  async function takeInAll(): Promise<void> {
    let [after, taken] = ['', 0];
    for (;;) {
      const page = await catalogue.recordings.after(after, size);
      if (page.length === 0) break;
      await takeIn(page);
      taken += page.length;
      after = page.at(-1)!.id;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      if (stopped) return;
    }
    await register().complete();
    if (taken > 0) log.info({ recordings: taken }, 'Recordings of before the register were taken into it');
  }

  return {
    /** What was noted of a recording when it was sealed; null for nothing. Takes in one whose turn has not come yet. */
    async registered(recording: Pick<Recording, 'id'>): Promise<Registered | null> {
      // In this order: it may be taken in, as the last, between the two.
      const complete = await register().isComplete();
      const noted = await register().find(recording.id);
      if (noted || complete) return noted;
      const known = await catalogue.recordings.get(recording.id);
      if (known) await takeIn([known]);
      return register().find(recording.id);
    },
    /** Begins beside all else; what a stop leaves is done after the next start. */
    start(): void {
      working = settle()
        .then(() => register().isComplete())
        .then((complete) => (complete ? undefined : takeInAll()))
        .catch((err) => log.error({ err }, 'The register could not be brought up to date'));
    },
    async stop(): Promise<void> {
      stopped = true;
      await working;
    },
  };
}
