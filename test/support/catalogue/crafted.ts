import Database from 'better-sqlite3';
import { createRecorder } from '../../../daemon/calls/record.js';
import { createSegments } from '../../../daemon/capture/segments.js';
import type { Capture } from '../../../daemon/capture/snoop.js';
import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import type { PbxEvent, Snapshot } from '../../../daemon/domain/call/event.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { NONE_STANDING } from '../../../daemon/domain/policy/standing/standing.js';
import { createLog } from '../../../daemon/ops/log.js';
import { scriptedWhispers } from '../pbx/whispers.js';

const noCodes = { decline: '', allow: '', keep: '', mask: '', resume: '' };

export const T0 = 1_700_000_000_000;
const log = createLog('silent', 'test');

/** What anyone who can write to the file can do to it: no trigger, check or foreign key stands in the way. */
export function craft(path: string, how: (db: Database.Database) => void): void {
  const db = new Database(path);
  try {
    db.pragma('foreign_keys = OFF');
    db.pragma('ignore_check_constraints = ON');
    how(db);
  } finally {
    db.close();
  }
}

/** Takes the word STRICT out of a table's definition for as long as it takes to write what no strict table takes. */
export function loosely(db: Database.Database, table: string, how: () => void): void {
  const strict = db.prepare('SELECT sql FROM sqlite_schema WHERE name = ?').pluck().get(table) as string;
  const define = (sql: string) => {
    db.unsafeMode(true);
    db.pragma('writable_schema = ON');
    db.prepare('UPDATE sqlite_schema SET sql = ? WHERE name = ?').run(sql, table);
    db.pragma('writable_schema = RESET');
    db.unsafeMode(false);
  };
  define(strict.replace(/\bSTRICT\b,?\s*/, ''));
  try {
    how();
  } finally {
    define(strict);
  }
}

const NOTHING: Snapshot = { kind: 'snapshot', at: T0, legs: [], bridges: [], snoops: [] };

/** A recorder whose PBX does as it is told. `begun` has the legs that it captures. */
export function recorderOn(catalogue: Catalogue) {
  const begun: string[] = [];
  const capture: Capture = {
    hear: () => {},
    begin: async (_segment, leg) => {
      begun.push(leg);
      return { inStartedAt: T0, outStartedAt: T0 };
    },
    finished: async () => {},
    end: async () => {},
    drop: async () => {},
    mute: async () => {},
    unmute: async () => true,
    live: async () => ({ in: false, out: false }),
    found: () => {},
    release: async () => {},
    stop: () => {},
  };
  let n = 0;
  const recorder = createRecorder({
    ...scriptedWhispers().deps,
    catalogue,
    capture,
    segments: createSegments({
      capture,
      save: catalogue.segments.save,
      removeSpool: async () => {},
      lookBack: async () => {},
      spoolBorn: async () => null,
      spooled: async () => [],
      log,
    }),
    hindrance: () => null,
    answers: async () => new Map(),
    contexts: async () => new Map(),
    gapDuring: () => null,
    stalls: () => [],
    site: { timeZone: 'UTC', region: '' },
    clock: () => T0,
    ...{ listsOf: () => [], standing: NONE_STANDING, codes: noCodes, masksCards: false },
    alarms: { raise: () => {} },
    muteTrap: () => false,
    spoolAudio: async () => null,
    rules: {
      pbx: FIRST,
      trunkContexts: ['from-trunk'],
      mint: () => `01ARZ3NDEKTSV4RRFFQ69G5N${String(++n).padStart(2, '0')}`,
    },
    log,
    onCapture: () => {},
    onCaptured: () => {},
    onSaid: () => {},
  });
  let at = T0;
  const leg = (id: string, number: string, exten: string) => ({
    ...{ id, channel: `PJSIP/${number}-00000001`, linkedid: id, state: 'up' as const, number, name: '' },
    ...{ connectedNumber: '', connectedName: '', context: 'internal', exten, dnid: exten },
    ...{ account: '', variables: {}, createdAt: null },
  });
  return {
    begun,
    recorder,
    recover: () => recorder.recover(NOTHING),
    /** 100 calls 101, who answers. */
    async call(): Promise<void> {
      const [ann, bob] = [leg('ann', '100', '101'), { ...leg('bob', '101', ''), linkedid: 'ann' }];
      const heard = (event: object) => {
        at += 10;
        recorder.hear({ at, ...event } as PbxEvent);
      };
      heard({ kind: 'leg', leg: { ...ann, state: 'ring' } });
      heard({ kind: 'leg', leg: { ...bob, state: 'ringing' } });
      for (const up of [bob, ann]) heard({ kind: 'leg', leg: up });
      for (const joins of [ann, bob]) heard({ kind: 'bridged', leg: joins, bridge: 'b', waiting: false });
      await recorder.idle();
    },
  };
}
