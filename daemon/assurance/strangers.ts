import type { Alarms } from '../domain/operations/alarm.js';
import { catalogueFile, keysFile } from '../domain/paths.js';
import type { Log } from '../ops/log.js';
import { repeatedly } from '../ops/turns.js';

/**
 * Story 16: files in the data directory that are not as Tapedeck left them. What was found when it was opened, and what lies in
 * the folder that the dashboard writes and the recorder reads, is named in an alarm.
 */
export type StrangersDeps = {
  dir: string;
  /** What was found at this start, and where it was put aside. */
  found: readonly string[];
  /** Until this start others could read the keys; `keysTold` once it has been told for good. */
  keysWereOpen?: boolean;
  keysTold?: () => void;
  /** What is there now and is not ours. */
  look: () => string[];
  alarms: Alarms;
  log: Log;
  /** How often it is looked for, in ms. */
  everyMs?: number;
};

const EVERY_MS = 10_000;
/** So many files an alarm names. */
const NAMED = 10;
const STRANGE = 'data_strange';
const EMPTY = 'catalogue_empty';
/** How long it is shown that the keys were open, in ms: nothing tells whether they were read. */
const SHOWN_MS = 7 * 86_400_000;

export function createStrangers(deps: StrangersDeps) {
  const {
    dir,
    found,
    keysWereOpen = false,
    keysTold = () => {},
    look,
    alarms,
    log,
    everyMs = EVERY_MS,
  } = deps;
  let keysRaised = false;
  const told = new Set<string>();

  function tell(): void {
    const strange = [...new Set([...found, ...look()])];
    for (const what of strange) {
      if (!told.has(what)) log.error({ what }, 'A file in the data directory is not as it was left');
      told.add(what);
    }
    if (strange.length === 0) alarms.clear(STRANGE);
    else
      alarms.raise(STRANGE, {
        severity: 'critical',
        why: { code: 'data_strange', params: { files: strange.length, named: strange.slice(0, NAMED) } },
      });
  }

  /** An alarm is written down soon after it is raised: a start that is killed before that raises it again. */
  function keysKept(): void {
    if (!keysRaised) return;
    keysRaised = false;
    keysTold();
  }

  const looking = repeatedly(
    everyMs,
    async () => {
      tell();
      keysKept();
    },
    (err) => log.warn({ err }, 'The data directory could not be looked through'),
  );

  return {
    /** Whether there is a catalogue for the keys that there are, by how many of these are live. */
    emptied({ liveKeys, hasCalls }: { liveKeys: number; hasCalls: boolean }): void {
      if (liveKeys === 0 || hasCalls) alarms.clear(EMPTY);
      else
        alarms.raise(EMPTY, {
          severity: 'critical',
          why: {
            code: 'catalogue_empty',
            params: { catalogue: catalogueFile(dir), keys: keysFile(dir), recordings: liveKeys },
          },
        });
    },
    start(): void {
      if (keysWereOpen) {
        alarms.raise('keys_were_open', {
          ...{ severity: 'warning', forMs: SHOWN_MS },
          why: { code: 'keys_were_open', params: { file: keysFile(dir) } },
        });
        keysRaised = true;
      }
      tell();
      looking.start();
    },
    async stop(): Promise<void> {
      await looking.stop();
      keysKept();
    },
  };
}
