import { diskError, TapedeckError } from '../../domain/error.js';
import { type Entries, entriesFor } from '../audit.js';
import type { BadRow, Catalogue } from '../catalogue.js';
import { createReader } from './checked.js';
import { closeBesideReaders, type Db, type Opening, openDb } from './db.js';
import { createNouns, type Nouns } from './nouns.js';
import { createWrites } from './writes.js';

type Read = <T>(verb: (n: Nouns) => T) => Promise<T>;
/** `shows`: whether a page may show what was written; left out, it does if any row was. */
type Write = <T>(verb: (n: Nouns) => T, shows?: (given: T) => boolean) => Promise<T>;

/** For what no page shows. */
const unseen = () => false;

/** Called for each row that cannot be read, and so was left out; again whenever it is met. */
export type OnBadRow = (bad: BadRow) => void;

/** Every verb, by what reads and what writes. */
export function verbsOf(
  read: Read,
  write: Write,
  { audited, checkpoint }: Pick<Catalogue, 'audited' | 'checkpoint'>,
): Omit<Catalogue, 'start' | 'stop'> {
  return {
    saveCall: (call, coverage, decision) => write((n) => n.calls.save(call, coverage, decision)),
    decideCoverage: (id, coverage) => write((n) => n.calls.decideCoverage(id, coverage)),
    call: (id) => read((n) => n.calls.call(id)),
    calls: (filter) => read((n) => n.calls.calls(filter)),
    reachMark: (keys) => read((n) => n.calls.reachMark(keys)),
    openCalls: () => read((n) => n.calls.open()),
    absorbCall: (from, into) => write((n) => n.calls.absorb(from, into)),
    coverageSince: (at) => read((n) => n.calls.coverageSince(at)),

    saveSegment: (segment) => write((n) => n.segments.save(segment)),
    saveLost: (callId, seq, lost) => write((n) => n.segments.saveLost(callId, seq, lost)),
    segments: (id) => read((n) => n.segments.list(id)),
    callsToPreserve: () => read((n) => n.segments.callsToPreserve()),
    preserveQueue: () => read((n) => n.segments.preserveQueue()),

    recordingSealed: (recording, peaks, coverage, manifest) =>
      write((n) => {
        const callId = n.calls.current(recording.callId);
        n.recordings.sealed({ ...recording, callId }, peaks);
        n.seals.sealed(recording.id, recording.sealedAt, manifest);
        n.calls.decideCoverage(callId, coverage);
        n.segments.preserved(callId);
      }),
    recording: (id) => read((n) => n.recordings.recording(id)),
    peaks: (id) => read((n) => n.recordings.peaks(id)),
    qualityTrends: (from, to) => read((n) => n.recordings.qualityTrends(from, to)),

    keptRecordings: (limit) => read((n) => n.recordings.kept(limit)),
    countKept: () => read((n) => n.recordings.count()),
    growth: (since, now) => read((n) => n.recordings.growth(since, now)),
    eraseIntended: (id, why, at) => write((n) => n.recordings.eraseIntended(id, why, at)),
    recordingsErasing: () => read((n) => n.recordings.erasing()),
    erased: (id, at) =>
      write((n) => {
        n.recordings.erased(id, at);
        n.seals.erased(id);
      }),
    erasedRecordings: (limit) => read((n) => n.recordings.tombstones(limit)),
    checkpoint,

    addManifest: (manifest) => write((n) => n.seals.addManifest(manifest)),
    manifest: (id) => read((n) => n.seals.manifest(id)),
    sealCheck: (id) => read((n) => n.seals.check(id)),
    toCheck: (before, limit) => read((n) => n.seals.toCheck(before, limit)),
    checked: (id, at, fault) =>
      write(
        (n) => n.seals.checked(id, at, fault),
        (news) => news,
      ),
    damaged: (limit) => read((n) => n.seals.damaged(limit)),
    sealFigures: () => read((n) => n.seals.figures()),
    recordingsAfter: (id, limit) => read((n) => n.seals.after(id, limit)),
    sealedAs: (sha256) => read((n) => n.seals.sealedAs(sha256)),

    watched: (at) => write((n) => n.watch.watched(at), unseen),
    lastWatched: () => read((n) => n.watch.lastWatched()),
    openBlindWindow: (from, why) => write((n) => n.watch.openWindow(from, why)),
    closeBlindWindow: (at) => write((n) => n.watch.closeWindow(at)),
    blindWindows: (range) => read((n) => n.watch.windows(range)),
    witnessHeard: (at) => write((n) => n.witnessWatch.watched(at), unseen),
    witnessLastHeard: () => read((n) => n.witnessWatch.lastWatched()),
    openWitnessGap: (from, why) => write((n) => n.witnessWatch.openWindow(from, why)),
    closeWitnessGap: (at) => write((n) => n.witnessWatch.closeWindow(at)),
    witnessGaps: (range) => read((n) => n.witnessWatch.windows(range)),

    policy: () => read((n) => n.policy.policy()),
    policyOf: (version) => read((n) => n.policy.of(version)),
    policyVersions: () => read((n) => n.policy.versions()),
    savePolicy: (policy, by, at, basedOn) => write((n) => n.policy.save(policy, by, at, basedOn)),

    saveAlarm: (alarm) => write((n) => n.alarms.save(alarm)),
    openAlarms: () => read((n) => n.alarms.open()),
    pastAlarms: (limit) => read((n) => n.alarms.past(limit)),
    saveDelivery: (delivery) => write((n) => n.alarms.saveDelivery(delivery), unseen),
    openDeliveries: () => read((n) => n.alarms.openDeliveries()),
    forgetAlarms: (before) => write((n) => n.alarms.forget(before), unseen),

    addJob: (job) => write((n) => n.jobs.add(job)),
    saveJob: (job) => write((n) => n.jobs.save(job)),
    cancelJob: (id, at) => write((n) => n.jobs.cancel(id, at)),
    openJobs: () => read((n) => n.jobs.open()),
    newestJobs: () => read((n) => n.jobs.newest()),
    forgetJobs: (before) => write((n) => n.jobs.forget(before), unseen),
    job: (id) => read((n) => n.jobs.job(id)),
    jobs: (limit) => read((n) => n.jobs.list(limit)),

    addUser: (user, invitation) => write((n) => n.users.add(user, invitation)),
    userByName: (name) => read((n) => n.users.byName(name)),
    user: (id) => read((n) => n.users.user(id)),
    users: () => read((n) => n.users.all()),
    standing: (id) => read((n) => n.users.standing(id)),
    claimSetup: (codeHash, user) => write((n) => n.users.claimSetup(codeHash, user)),
    saveSetupCode: (codeHash, at) => write((n) => n.users.saveSetupCode(codeHash, at), unseen),
    changeUser: (id, change, at, basedOn) => write((n) => n.users.change(id, change, at, basedOn)),
    removeUser: (id, basedOn) => write((n) => n.users.remove(id, basedOn)),
    setPassword: (id, hash, at) => write((n) => n.users.setPassword(id, hash, at)),
    invite: (invitation) => write((n) => n.users.invite(invitation)),
    invited: (codeHash, at) => read((n) => n.users.invited(codeHash, at)),
    acceptInvitation: (codeHash, hash, at) => write((n) => n.users.accept(codeHash, hash, at)),
    seen: () => read((n) => n.seen.seen()),

    testCallsLeft: () => read((n) => n.testCalls.left()),
    removeTestCall: (id) => write((n) => n.testCalls.remove(id)),
    rememberTestCall: (call) => write((n) => n.testCalls.remember(call)),
    testCalls: (limit) => read((n) => n.testCalls.newest(limit)),
    lastGoodTestCall: () => read((n) => n.testCalls.lastGood()),

    shutOut: (userId) => write((n) => n.users.shutOut(userId)),

    addToken: (token, tokenHash) => write((n) => n.tokens.add(token, tokenHash)),
    tokensOf: (userId) => read((n) => n.tokens.of(userId)),
    token: (tokenHash) => read((n) => n.tokens.token(tokenHash)),
    tokenUsed: (id, at, from) => write((n) => n.tokens.used(id, at, from), unseen),
    removeToken: (userId, id) => write((n) => n.tokens.remove(userId, id)),

    factorState: (userId) => read((n) => n.factors.state(userId)),
    totp: (userId) => read((n) => n.factors.totp(userId)),
    totps: () => read((n) => n.factors.totps()),
    resealTotp: (userId, before, after) => write((n) => n.factors.reseal(userId, before, after), unseen),
    saveTotp: (userId, totp, codes) => write((n) => n.factors.saveTotp(userId, totp, codes)),
    passkeys: (userId) => read((n) => n.factors.passkeys(userId)),
    passkey: (id) => read((n) => n.factors.passkey(id)),
    addPasskey: (passkey, codes) => write((n) => n.factors.addPasskey(passkey, codes)),
    removeFactor: (userId, which) => write((n) => n.factors.remove(userId, which)),
    resetFactors: (userId) => write((n) => n.factors.reset(userId)),
    saveRecoveryCodes: (userId, hashes) => write((n) => n.factors.saveRecoveryCodes(userId, hashes)),
    failedFactors: (userId) => read((n) => n.factors.failed(userId)),
    takeFactorTry: (userId, device, at, waitAfter) =>
      write((n) => n.factors.takeTry(userId, device, at, waitAfter), unseen),
    proofGiven: (userId, { at, epoch, begins, used }) =>
      write((n) => {
        const now = n.users.standing(userId);
        if (now?.epoch !== epoch || (used && !n.factors.use(userId, used, at))) return null;
        if (begins) n.users.signedIn(userId, at);
        const failed = used && n.factors.given(userId, 'totpStep' in used);
        return { epoch, gains: now.gains, failed };
      }, unseen),
    rolesWithFactor: () => read((n) => n.factors.rolesWith()),
    setRolesWithFactor: (roles) => write((n) => n.factors.setRolesWith(roles)),
    saveOutsider: (user) => write((n) => n.users.saveOutsider(user)),
    outsiders: (source) => read((n) => n.users.outsiders(source)),
    outsiderGone: (userId) => write((n) => n.users.outsiderGone(userId)),

    ledgerBegan: (now) => write((n) => n.ledger.began(now), unseen),
    ledgerSince: () => read((n) => n.ledger.since()),
    addCdrs: (cdrs, source, at, graceMs = 0, since = at) =>
      write((n) => n.ledger.add(cdrs, source, at, graceMs, since)),
    dueCdrs: (by, limit) => read((n) => n.ledger.due(by, limit)),
    setCdrsDue: (cdrs, at) => write((n) => n.ledger.setDue(cdrs, at), unseen),
    strangersDue: (since, at) => write((n) => n.ledger.strangersDue(since, at)),
    related: (links) => read((n) => n.ledger.related(links)),
    saveAccounts: (accounts, missed) =>
      write((n) => {
        for (const { call, coverage } of missed) n.calls.save(call, coverage);
        n.ledger.saveAccounts(accounts);
      }),
    coverageRows: (range) => read((n) => n.ledger.rows(range)),
    coverageRow: (id) => read((n) => n.ledger.row(id)),
    cdrsOf: (accountIds) => read((n) => n.ledger.cdrsOf(accountIds)),
    cdrSources: () => read((n) => n.ledger.sources()),
    noteSource: (name, at, problem) => write((n) => n.ledger.noteSource(name, at, problem), unseen),
    witness: () => read((n) => n.ledger.witness()),
    forgetCdrs: (before) => write((n) => n.ledger.forget(before), unseen),

    changeCount: () => read((n) => n.changes.count()),

    audited,
    audit: (entry) => write((n) => n.audit.append(entry), unseen),
    tell: (source, entries, at) => write((n) => n.audit.tell(source, entries, at), unseen),
    auditEntries: (filter) => read((n) => n.audit.entries(filter)),
    auditRows: (from, limit) => read((n) => n.audit.rows(from, limit)),
    schemaFaults: () => read((n) => n.schemaFaults()),
    auditHead: () => read((n) => n.audit.head()),
    auditId: () => read((n) => n.audit.id()),
    auditActors: () => read((n) => n.audit.actors()),
    forgetWords: (before) => write((n) => n.audit.forgetWords(before), unseen),
    keepCheckpoint: (checkpoint) => write((n) => n.audit.keepCheckpoint(checkpoint)),
    checkpoints: (limit) => read((n) => n.audit.checkpoints(limit)),
  };
}

/**
 * The catalogue in one SQLite file, for the process that writes it. With `readonlyOk` a file that this process may not write is
 * opened for reading; what writes then throws. `start()` throws `catalogue_newer`, `catalogue_missing`, `data_strange`.
 */
export function createSqliteCatalogue(
  deps: Opening & {
    path: string;
    /** Called when the disk is full; when it has made some room what was to be written is tried again. */
    makeRoom?: () => boolean;
    onBadRow?: OnBadRow;
  },
): Catalogue {
  let open: { db: Db; nouns: Nouns; writes: ReturnType<typeof createWrites> } | null = null;

  const opened = () => {
    if (!open) throw new Error('The catalogue is not open.');
    return open;
  };
  const read: Read = async (verb) => {
    const o = opened();
    try {
      return o.db.transaction(() => verb(o.nouns)).deferred();
    } catch (e) {
      throw diskError(e);
    }
  };
  const writer =
    (after: <T>(n: Nouns, given: T) => void): Write =>
    async (verb, shows = () => true) => {
      const { nouns, writes } = opened();
      return writes.write(() => {
        const before = nouns.changes.rows();
        const value = verb(nouns);
        const counts = nouns.changes.rows() > before && shows(value);
        after(nouns, value);
        return { value, counts };
      });
    };
  const write = writer(() => {});
  /** The same, with what is to be written of it in the audit log: both are there, or neither. */
  const witnessed = <T>(entries: Entries<T>): Write =>
    writer((n, given) => {
      for (const entry of entriesFor(entries, given as unknown as T)) n.audit.append(entry);
    });
  /** One work in a transaction of its own. */
  const transact = <T>(work: () => T): T => {
    const o = opened();
    for (;;) {
      try {
        return o.db.transaction(work).immediate();
      } catch (e) {
        const error = o.db.readonly ? e : diskError(e);
        const full = error instanceof TapedeckError && error.code === 'disk_full';
        if (!full || !deps.makeRoom?.()) throw error;
      }
    }
  };

  const verbs = (write: Write): Omit<Catalogue, 'start' | 'stop'> =>
    verbsOf(read, write, {
      audited: (entries) => ({ ...catalogue, ...verbs(witnessed(entries)) }),
      async checkpoint() {
        const [result] = opened().db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
        return result?.busy === 0;
      },
    });

  const catalogue: Catalogue = {
    async start() {
      if (open) return;
      const db = await openDb(deps.path, deps);
      const nouns = createNouns(db, createReader(deps.onBadRow ?? (() => {})));
      open = {
        db,
        nouns,
        writes: createWrites(db, transact, nouns.changes.bump),
      };
    },
    async stop() {
      open?.writes.finish();
      if (open) closeBesideReaders(open.db);
      open = null;
    },
    ...verbs(write),
  };
  return catalogue;
}
