import type { Catalogue } from '../catalogue.js';
import { createCalls } from './calls.js';
import { type Db, openDb } from './db.js';
import { createPolicy } from './policy.js';
import { createRecordings } from './recordings.js';
import { createSegments } from './segments.js';
import { createSessions } from './sessions.js';
import { createUsers } from './users.js';

function createNouns(db: Db) {
  const calls = createCalls(db);
  return {
    calls,
    segments: createSegments(db, calls.current),
    recordings: createRecordings(db),
    policy: createPolicy(db),
    users: createUsers(db),
    sessions: createSessions(db),
    ownChanges: db.prepare('SELECT total_changes()').pluck(),
  };
}
type Nouns = ReturnType<typeof createNouns>;

/**
 * The catalogue in one SQLite file, which several processes may have open at the same time. With `readonlyOk` a file
 * that this process may not write is opened for reading; what writes then throws. `start()` throws `catalogue_newer`.
 */
export function createSqliteCatalogue(deps: { path: string; readonlyOk?: boolean }): Catalogue {
  let db: Db | null = null;
  let nouns: Nouns | null = null;

  const opened = (): { db: Db; nouns: Nouns } => {
    if (!db || !nouns) throw new Error('The catalogue is not open.');
    return { db, nouns };
  };
  const read = async <T>(verb: (n: Nouns) => T): Promise<T> => {
    const o = opened();
    return o.db.transaction(() => verb(o.nouns)).deferred();
  };
  // IMMEDIATE: a transaction that reads first and writes later would fail where another process wrote in between.
  const write = async <T>(verb: (n: Nouns) => T): Promise<T> => {
    const o = opened();
    return o.db.transaction(() => verb(o.nouns)).immediate();
  };

  return {
    async start() {
      if (db) return;
      db = await openDb(deps.path, deps.readonlyOk);
      nouns = createNouns(db);
    },
    async stop() {
      db?.close();
      db = null;
      nouns = null;
    },

    saveCall: (call, coverage) => write((n) => n.calls.save(call, coverage)),
    decideCoverage: (id, coverage) => write((n) => n.calls.decideCoverage(id, coverage)),
    call: (id) => read((n) => n.calls.call(id)),
    calls: (filter) => read((n) => n.calls.calls(filter)),
    openCalls: () => read((n) => n.calls.open()),
    absorbCall: (from, into) => write((n) => n.calls.absorb(from, into)),

    saveSegment: (segment) => write((n) => n.segments.save(segment)),
    segments: (id) => read((n) => n.segments.list(id)),
    callsToPreserve: () => read((n) => n.segments.callsToPreserve()),

    recordingSealed: (recording, peaks, coverage) =>
      write((n) => {
        const callId = n.calls.current(recording.callId);
        n.recordings.sealed({ ...recording, callId }, peaks);
        n.calls.decideCoverage(callId, coverage);
        n.segments.preserved(callId);
      }),
    recording: (id) => read((n) => n.recordings.recording(id)),
    peaks: (id) => read((n) => n.recordings.peaks(id)),

    keptRecordings: (limit) => read((n) => n.recordings.kept(limit)),
    countKept: () => read((n) => n.recordings.count()),
    eraseIntended: (id, reason, at) => write((n) => n.recordings.eraseIntended(id, reason, at)),
    recordingsErasing: () => read((n) => n.recordings.erasing()),
    erased: (id, at) => write((n) => n.recordings.erased(id, at)),
    erasedRecordings: (limit) => read((n) => n.recordings.tombstones(limit)),
    async checkpoint() {
      const [result] = opened().db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
      return result?.busy === 0;
    },

    policy: () => read((n) => n.policy.policy()),
    policyVersions: () => read((n) => n.policy.versions()),
    savePolicy: (policy, by, at, basedOn) => write((n) => n.policy.save(policy, by, at, basedOn)),

    addUser: (user) => write((n) => n.users.add(user)),
    userByName: (name) => read((n) => n.users.byName(name)),
    users: () => read((n) => n.users.all()),
    claimSetup: (codeHash, user) => write((n) => n.users.claimSetup(codeHash, user)),
    saveSetupCode: (codeHash, at) => write((n) => n.users.saveSetupCode(codeHash, at)),

    addSession: (session) => write((n) => n.sessions.add(session)),
    session: (tokenHash) => read((n) => n.sessions.session(tokenHash)),
    touchSession: (tokenHash, seenAt) => write((n) => n.sessions.touch(tokenHash, seenAt)),
    removeSession: (tokenHash) => write((n) => n.sessions.remove(tokenHash)),
    removeExpiredSessions: (now) => write((n) => n.sessions.removeExpired(now)),

    /** data_version moves with the commits of others, total_changes with ours; neither ever goes back. */
    async changeCount() {
      const { db, nouns } = opened();
      return (db.pragma('data_version', { simple: true }) as number) + (nouns.ownChanges.get() as number);
    },
  };
}
