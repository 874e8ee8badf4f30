import { fail } from '../../domain/error.js';
import { gains } from '../../domain/people/rights.js';
import { fromSlices, slices } from '../../ops/turns.js';
import type { Nouns } from '../catalogue.js';
import type { User } from '../people.js';
import type { Prepared } from './nouns.js';
import type { Place } from './people/reach.js';
import { FIRST_TREND, type TrendPlace, type TrendSlice, trendsOf } from './recordings/ears.js';

export type Read = <T>(verb: (n: Prepared) => T) => Promise<T>;
export type Write = <T>(verb: (n: Prepared) => T, how?: Writing<T>) => Promise<T>;
export type Writing<T> = {
  /** Whether a page may show what was written; left out, it does if any row was. */
  shows?: (given: T) => boolean;
  /** Resolves when it is committed: the end of this process cannot undo it then, but a power failure just after can. */
  soon?: boolean;
};

/** Whether somebody can do more than before, or can sign in again. */
const givesAccess = (before: User, after: User): boolean =>
  gains(before, after) || (before.disabledAt !== null && after.disabledAt === null);

/** Of what another recorder recorded, Tapedeck does not say what is missing. */
const IMPORTED = { status: 'imported', why: null, rule: null, missingMs: 0 } as const;

/** For what no page shows. */
const unseen = { shows: () => false };

/** Every noun of the catalogue, by what reads and what writes. */
export function verbsOf(read: Read, write: Write): Nouns {
  return {
    calls: {
      save: (call, coverage, decision) =>
        write(
          (n) => {
            n.calls.save(call, coverage, decision);
            // A call that goes on has no recording yet.
            if (call.endedAt !== null) n.holds.caught(n.calls.current(call.id));
          },
          { soon: call.endedAt === null },
        ),
      decideCoverage: (id, coverage) => write((n) => n.calls.decideCoverage(id, coverage)),
      get: (id) => read((n) => n.calls.call(id)),
      list: async (filter) => {
        const slice = (from: Place | null, limit: number) =>
          read((n) => n.calls.list({ ...filter, limit }, from));
        return (await fromSlices(slice, null, filter.limit)).items;
      },
      startBefore: (at, skip) => read((n) => n.calls.startBefore(at, skip)),
      reachMark: (keys) => read((n) => n.calls.reachMark(keys)),
      open: () => read((n) => n.calls.open()),
      absorb: (from, into) =>
        write((n) => {
          n.calls.absorb(from, into);
          n.holds.caught(n.calls.current(into));
        }),
      coverageSince: (at) => read((n) => n.calls.coverageSince(at)),
      seen: () => read((n) => n.seen.seen()),
    },
    segments: {
      save: (segment) => write((n) => n.segments.save(segment), { soon: segment.state === 'capturing' }),
      saveLost: (callId, seq, lost) => write((n) => n.segments.saveLost(callId, seq, lost)),
      of: (id) => read((n) => n.segments.list(id)),
      callsToPreserve: () => read((n) => n.segments.callsToPreserve()),
      queue: () => read((n) => n.segments.preserveQueue()),
    },
    directives: {
      // It waits for the commit alone: what the PBX is asked next must not be late for the disk.
      add: (directive) => write((n) => n.directives.add(directive), { soon: true }),
      of: (id) => read((n) => n.directives.of(id)),
    },
    notices: {
      decide: (notice) => write((n) => n.notices.decide(notice)),
      tell: (played) => write((n) => n.notices.tell(played)),
      found: (seq, found) => write((n) => n.notices.found(seq, found)),
      of: (id) => read((n) => n.notices.of(id)),
      calls: (filter) => read((n) => n.toldCalls.page(filter)),
      counts: (range) => read((n) => n.toldCounts.counts(range)),
      countedSince: (range, most) => read((n) => n.toldCounts.countedSince(range, most)),
    },
    recordings: {
      sealed: (recording, peaks, coverage, manifest) =>
        write((n) => {
          const callId = n.calls.current(recording.callId);
          n.recordings.sealed({ ...recording, callId }, peaks);
          n.seals.sealed(recording.id, recording.sealedAt, manifest);
          n.calls.decideCoverage(callId, coverage);
          n.segments.preserved(callId);
          n.holds.caught(callId, recording.sealedAt);
        }),
      begin: (callId, place) => write((n) => n.recordings.begin(n.calls.current(callId), place), unseen),
      begun: (callId) => read((n) => n.recordings.begun(n.calls.current(callId))),
      abandoned: () => read((n) => n.recordings.abandoned()),
      dropBegun: (id) => write((n) => n.recordings.dropBegun(id), unseen),
      redact: (order) =>
        write((n) => {
          if (!n.recordings.redactions.add(order)) throw fail('redaction_refused', order.older);
        }),
      redactions: () => read((n) => n.recordings.redactions.all()),
      redacted: (recording, peaks, manifest) =>
        write((n) => {
          const callId = n.calls.current(recording.callId);
          if (!n.recordings.redactions.supersede(recording.redaction?.older ?? '', recording.id))
            throw fail('redaction_refused', recording.id);
          n.recordings.sealed({ ...recording, callId }, peaks);
          n.seals.sealed(recording.id, recording.sealedAt, manifest);
          n.holds.inherited(recording.redaction?.older ?? '', recording.id, recording.sealedAt);
          n.holds.caught(callId, recording.sealedAt);
        }),
      dropRedaction: (id) => write((n) => n.recordings.redactions.drop(id)),
      get: (id) => read((n) => n.recordings.recording(id)),
      of: (callId) => read((n) => n.recordings.ofCall(n.calls.current(callId))),
      peaks: (id) => read((n) => n.recordings.peaks(id)),
      trends: async (from, to) => {
        const counted: TrendSlice['items'] = [];
        const slice = (at: TrendPlace) => read((n) => n.recordings.trends(from, to, at));
        for await (const { items } of slices(slice, FIRST_TREND)) counted.push(...items);
        return trendsOf(counted);
      },
      keptAfter: (id, limit) => read((n) => n.recordings.keptAfter(id, limit)),
      redate: (job, changes) =>
        write((n) => {
          if (!n.jobs.progress(job)) return false;
          for (const change of changes) n.recordings.redate(change);
          return true;
        }),
      growth: (since, now) => read((n) => n.recordings.growth(since, now)),
      eraseIntended: (id, why, at) =>
        write((n) => {
          n.holds.refuseGuarded(id, at);
          if (n.recordings.eraseIntended(id, why, at)) n.certificates.intended(id);
        }),
      erasing: () => read((n) => n.recordings.erasing()),
      erased: (id, at, left = false) =>
        write((n) => {
          if (n.recordings.erased(id, at, left)) n.certificates.erased(id, at);
          n.seals.erased(id);
        }),
      tombstones: (limit, before) => read((n) => n.due.tombstones(limit, before)),
      after: (id, limit) => read((n) => n.seals.after(id, limit)),
    },
    tiers: {
      begin: (id) => write((n) => n.tiers.begin(id), unseen),
      moved: (id) => write((n) => n.tiers.moved(id), unseen),
      back: (id) => write((n) => n.tiers.back(id), unseen),
      due: (before, after, limit) => read((n) => n.tiers.due(before, after, limit)),
      moving: (after, limit) => read((n) => n.tiers.moving(after, limit)),
      left: (after, limit) => read((n) => n.tiers.left(after, limit)),
      removed: (id) => write((n) => n.tiers.removed(id), unseen),
      slice: (place, before) => read((n) => n.tiers.slice(place, before)),
    },
    due: {
      keptSlice: (place, now) => read((n) => n.due.keptSlice(place, now)),
      dueSlice: (after, now) => read((n) => n.due.dueSlice(after, now)),
      erasable: (after, now, limit) => read((n) => n.due.erasable(after, now, limit)),
      page: (which, after, now, limit) => read((n) => n.due.page(which, after, now, limit)),
      undated: (after, limit) => read((n) => n.due.undated(after, limit)),
      newestSealedAt: () => read((n) => n.due.newestSealedAt()),
    },
    names: {
      page: (after, since, limit) => read((n) => n.names.page(after, since, limit)),
      count: (since, most) => read((n) => n.names.count(since, most)),
      remove: (calls, at) => write((n) => n.names.remove(calls, at)),
      removeStrangers: (before, limit) => write((n) => n.names.removeStrangers(before, limit)),
      removed: (after, until) => read((n) => n.names.removed(after, until)),
    },
    holds: {
      open: (matter, recordings) =>
        write((n) => {
          n.holds.open(matter);
          n.holds.pick(matter.id, recordings ?? [], matter.openedBy, matter.openedAt);
        }),
      widen: (id, query) => write((n) => n.holds.widen(id, query)),
      pick: (id, recordings, by, at) => write((n) => n.holds.pick(id, recordings, by, at)),
      apply: (id, calls, at) => write((n) => n.holds.apply(id, calls, at)),
      applying: () => read((n) => n.holds.applying()),
      list: () => read((n) => n.holds.list()),
      get: (id) => read((n) => n.holds.get(id)),
      items: (id, after, limit) => read((n) => n.holds.items(id, after, limit)),
      of: (recordings) => read((n) => n.holds.of(recordings)),
      guard: (id, now) => read((n) => n.holds.guard(id, now)),
      unrecorded: (id, before, limit) =>
        read((n) => {
          const { ids, next } = n.holds.unrecorded(id, before, limit);
          return { calls: ids.flatMap((call) => n.calls.readable(call) ?? []), next };
        }),
      leaving: (id, letting, places, limit) =>
        read((n) => n.holdReleases.leaving(id, letting, places, limit)),
      newestPlace: () => read((n) => n.holdReleases.newestPlace()),
      release: (release, { digest, revision }) =>
        write((n) => {
          const { approval, matter: object, at } = release;
          n.approvals.use(approval, { act: 'release_hold', object, digest }, at);
          return n.holdReleases.release(release, revision);
        }),
      carryOut: (release, limit, at) => write((n) => n.holdReleases.carryOut(release, limit, at)),
      releases: (id) => read((n) => n.holdReleases.releases(id)),
      released: (release, after, limit) => read((n) => n.holdReleases.released(release, after, limit)),
    },
    seals: {
      addManifest: (manifest) => write((n) => n.seals.addManifest(manifest)),
      manifest: (id) => read((n) => n.seals.manifest(id)),
      check: (id) => read((n) => n.seals.check(id)),
      toCheck: (before, limit, after) => read((n) => n.seals.toCheck(before, limit, after)),
      checked: (id, at, fault) => write((n) => n.seals.checked(id, at, fault), { shows: (news) => news }),
      damaged: (limit) => read((n) => n.seals.damaged(limit)),
      figures: () => read((n) => n.seals.figures()),
      sealedAs: async (sha256) => {
        const slice = (after: number) => read((n) => n.seals.sealedAs(sha256, after));
        return (await fromSlices(slice, 0, 1)).items[0] ?? null;
      },
    },
    certificates: {
      begin: (run) => write((n) => n.certificates.begin(run), unseen),
      end: (at) => write((n) => n.certificates.end(at), unseen),
      open: (after, limit) => read((n) => n.certificates.open(after, limit)),
      describe: (lines) => write((n) => n.certificates.describe(lines), unseen),
      refuse: (erasure) => write((n) => n.certificates.refuse(erasure), unseen),
      reopen: (limit) => write((n) => n.certificates.reopen(limit), unseen),
      issue: (certificate) => write((n) => n.certificates.issue(certificate)),
      get: (number) => read((n) => n.certificates.get(number)),
      list: (filter) => read((n) => n.certificates.list(filter)),
      count: () => read((n) => n.certificates.count()),
      last: () => read((n) => n.certificates.last()),
      items: (number, after, limit) => read((n) => n.certificates.items(number, after, limit)),
      of: (id) => read((n) => n.certificates.of(id)),
    },
    madeReports: {
      keep: (report) => write((n) => n.madeReports.keep(report)),
      get: (entry) => read((n) => n.madeReports.get(entry)),
      list: (filter) => read((n) => n.madeReports.list(filter)),
    },
    organisation: {
      get: () => read((n) => n.organisation.get()),
      save: (organisation, by, at) => write((n) => n.organisation.save(organisation, by, at)),
    },
    mailings: {
      list: () => read((n) => n.mailings.list()),
      get: (id) => read((n) => n.mailings.get(id)),
      save: (mailing) => write((n) => n.mailings.save(mailing)),
      remove: (id) => write((n) => n.mailings.remove(id)),
      went: (id, setAt, progress) => write((n) => n.mailings.went(id, setAt, progress)),
    },
    policy: {
      newest: () => read((n) => n.policy.policy()),
      of: (version) => read((n) => n.policy.of(version)),
      versions: () => read((n) => n.policy.versions()),
      save: (policy, by, at, basedOn, job) =>
        write((n) => {
          const version = n.policy.save(policy, by, at, basedOn);
          if (job) {
            for (const { id, kind } of n.jobs.open()) if (kind === job.kind) n.jobs.cancel(id, at);
            n.jobs.add(job);
          }
          return version;
        }),
    },
    lists: {
      all: () => read((n) => n.lists.all()),
      save: (list) => write((n) => n.lists.save(list)),
      remove: (name) => write((n) => n.lists.remove(name)),
      entries: (filter) => read((n) => n.lists.entries(filter)),
      put: (name, entries, by, at, replace) => write((n) => n.lists.put(name, entries, by, at, replace)),
      drop: (name, ids) => write((n) => n.lists.drop(name, ids)),
      forget: (before) => write((n) => n.lists.forget(before)),
    },
    consents: {
      add: (entries, by, at, document) => write((n) => n.consents.add(entries, by, at, document)),
      get: (id) => read((n) => n.consents.get(id)),
      list: (filter) => read((n) => n.consents.list(filter)),
      count: () => read((n) => n.consents.count()),
      withdraw: (id, by, at) => write((n) => n.consents.withdraw(id, by, at)),
      documentErased: (id, by, at) => write((n) => n.consents.documentErased(id, by, at)),
      erase: (id, by, at, why) => write((n) => n.consents.erase(id, by, at, why)),
    },
    privacyRequests: {
      add: (request) => write((n) => n.privacyRequests.add(request)),
      change: (id, facts) => write((n) => n.privacyRequests.change(id, facts)),
      get: (id) => read((n) => n.privacyRequests.get(id)),
      open: () => read((n) => n.privacyRequests.open()),
      closed: (before, limit) => read((n) => n.privacyRequests.closed(before, limit)),
      extend: (id, reason, by, at) => write((n) => n.privacyRequests.extend(id, reason, by, at)),
      close: (id, answer, by, at) => write((n) => n.privacyRequests.close(id, answer, by, at)),
      exclude: (id, callId, exclusion) =>
        write((n) => n.privacyRequests.exclude(id, n.calls.current(callId), exclusion)),
      exclusions: (id) => read((n) => n.privacyRequests.exclusions(id)),
      forget: (id, at) => write((n) => n.privacyRequests.forget(id, at)),
      letters: () => read((n) => n.privacyRequests.letters()),
      saveLetter: (letter, saved) => write((n) => n.privacyRequests.saveLetter(letter, saved)),
      forgettable: (before) => read((n) => n.privacyRequests.forgettable(before)),
    },
    prompts: {
      add: (prompt) => write((n) => n.prompts.add(prompt)),
      list: () => read((n) => n.prompts.list()),
      active: (kind, language) => read((n) => n.prompts.active(kind, language)),
      activate: (kind, language, hash) => write((n) => n.prompts.activate(kind, language, hash)),
    },
    ledger: {
      began: (pbx, now) => write((n) => n.ledger.began(pbx, now), unseen),
      spans: () => read((n) => n.ledger.spans()),
      add: (cdrs, source, at, graceMs = 0, since = at) =>
        write((n) => n.ledger.add(cdrs, source, at, graceMs, since)),
      due: (pbx, by, limit) => read((n) => n.ledger.due(pbx, by, limit)),
      setDue: (cdrs, at) => write((n) => n.ledger.setDue(cdrs, at), unseen),
      strangersDue: (pbx, since, at) => write((n) => n.ledger.strangersDue(pbx, since, at)),
      related: (pbx, links) => read((n) => n.ledger.related(pbx, links)),
      saveAccounts: (accounts, missed) =>
        write((n) => {
          for (const { call, coverage } of missed) {
            n.calls.save(call, coverage);
            n.holds.caught(n.calls.current(call.id));
          }
          n.ledger.saveAccounts(accounts);
        }),
      rows: (range) => read((n) => n.ledger.rows(range)),
      strangers: (range) => read((n) => n.ledger.strangers(range)),
      counts: (range) => read((n) => n.ledger.counts(range)),
      countedSince: (range, most) => read((n) => n.ledger.countedSince(range, most)),
      count: () => write((n) => Math.max(n.ledger.count(), n.toldCounts.count()), unseen),
      row: (id) => read((n) => n.ledger.row(id)),
      cdrsOf: (accountIds) => read((n) => n.ledger.cdrsOf(accountIds)),
      sources: () => read((n) => n.ledger.sources()),
      noteSource: (pbx, name, at, problem) =>
        write((n) => n.ledger.noteSource(pbx, name, at, problem), unseen),
      witness: (pbx) => read((n) => n.ledger.witness(pbx)),
      forget: (before) => write((n) => n.ledger.forget(before), unseen),
    },
    watch: {
      watched: (pbx, at) => write((n) => n.watch.watched(pbx, at), unseen),
      lastWatched: (pbx) => read((n) => n.watch.lastWatched(pbx)),
      open: (pbx, from, why) => write((n) => n.watch.openWindow(pbx, from, why)),
      close: (pbx, at) => write((n) => n.watch.closeWindow(pbx, at)),
      windows: (range) => read((n) => n.watch.windows(range)),
    },
    listening: {
      watched: (pbx, at) => write((n) => n.witnessWatch.watched(pbx, at), unseen),
      lastWatched: (pbx) => read((n) => n.witnessWatch.lastWatched(pbx)),
      open: (pbx, from, why) => write((n) => n.witnessWatch.openWindow(pbx, from, why)),
      close: (pbx, at) => write((n) => n.witnessWatch.closeWindow(pbx, at)),
      windows: (range) => read((n) => n.witnessWatch.windows(range)),
    },
    testCalls: {
      left: () => read((n) => n.testCalls.left()),
      remove: (id) => write((n) => n.testCalls.remove(id)),
      remember: (call) => write((n) => n.testCalls.remember(call)),
      newest: (limit, pbx) => read((n) => n.testCalls.newest(limit, pbx)),
      lastGood: (pbx) => read((n) => n.testCalls.lastGood(pbx)),
    },
    alarms: {
      save: (alarm) => write((n) => n.alarms.save(alarm)),
      open: () => read((n) => n.alarms.open()),
      past: (limit) => read((n) => n.alarms.past(limit)),
      saveDelivery: (delivery) => write((n) => n.alarms.saveDelivery(delivery), unseen),
      openDeliveries: () => read((n) => n.alarms.openDeliveries()),
      forget: (before) => write((n) => n.alarms.forget(before), unseen),
    },
    jobs: {
      add: (job) => write((n) => n.jobs.add(job)),
      save: (job) => write((n) => n.jobs.save(job)),
      cancel: (id, at) => write((n) => n.jobs.cancel(id, at)),
      open: () => read((n) => n.jobs.open()),
      newest: () => read((n) => n.jobs.newest()),
      forget: (before) =>
        write((n) => {
          n.jobs.forget(before);
          n.imports.forget();
        }, unseen),
      get: (id) => read((n) => n.jobs.job(id)),
      list: (limit) => read((n) => n.jobs.list(limit)),
    },
    imports: {
      byHash: (sha256) => read((n) => n.imports.byHash(sha256)),
      byName: (name) => read((n) => n.imports.byName(name)),
      begin: (row) =>
        write((n) => {
          if (!n.imports.any()) n.ledger.keepBeginnings();
          n.imports.begin(row);
        }, unseen),
      begun: () => read((n) => n.imports.begun()),
      dropBegun: (callId) => write((n) => n.imports.dropBegun(callId), unseen),
      sealed: (call, recording, peaks, manifest, file) =>
        write((n) => {
          n.calls.save(call, IMPORTED);
          n.recordings.sealed(recording, peaks);
          n.seals.sealed(recording.id, recording.sealedAt, manifest);
          n.holds.caught(call.id, recording.sealedAt);
          n.imports.sealed(call.id, file);
        }),
      saveFiles: (files) =>
        write((n) => {
          for (const file of files) n.imports.saveFile(file);
        }, unseen),
      files: (job, after, limit) => read((n) => n.imports.files(job, after, limit)),
      counts: (job) => read((n) => n.imports.counts(job)),
      followed: (pbx, ids, range) => read((n) => n.imports.followed(pbx, ids, range)),
    },
    people: {
      add: (user, invitation, by = null) =>
        write((n) => {
          n.users.add(user, invitation);
          n.approvals.tie(by, user.id, 'made', user.createdAt);
        }),
      byName: (name) => read((n) => n.users.byName(name)),
      get: (id) => read((n) => n.users.user(id)),
      list: () => read((n) => n.users.all()),
      standing: (id) => read((n) => n.users.standing(id)),
      claimSetup: (codeHash, user) => write((n) => n.users.claimSetup(codeHash, user)),
      saveSetupCode: (codeHash, at) => write((n) => n.users.saveSetupCode(codeHash, at), unseen),
      change: (id, change, at, basedOn, by = null) =>
        write((n) => {
          const before = n.users.user(id);
          const after = n.users.change(id, change, at, basedOn);
          if (before && givesAccess(before, after)) n.approvals.tie(by, id, 'rights', at);
          return after;
        }),
      remove: (id, basedOn) => write((n) => n.users.remove(id, basedOn)),
      setPassword: (id, hash, at) => write((n) => n.users.setPassword(id, hash, at)),
      invite: (invitation, by = null) =>
        write((n) => {
          n.users.invite(invitation);
          n.approvals.tie(by, invitation.userId, 'invited', invitation.madeAt);
        }),
      invited: (codeHash, at) => read((n) => n.users.invited(codeHash, at)),
      acceptInvitation: (codeHash, hash, at) => write((n) => n.users.accept(codeHash, hash, at)),
      shutOut: (userId) => write((n) => n.users.shutOut(userId)),
      saveOutsider: (user) => write((n) => n.users.saveOutsider(user)),
      outsiders: (source) => read((n) => n.users.outsiders(source)),
      outsiderGone: (userId) => write((n) => n.users.outsiderGone(userId)),
    },
    tokens: {
      add: (token, tokenHash) => write((n) => n.tokens.add(token, tokenHash)),
      of: (userId) => read((n) => n.tokens.of(userId)),
      byHash: (tokenHash) => read((n) => n.tokens.token(tokenHash)),
      used: (id, at, from) => write((n) => n.tokens.used(id, at, from), unseen),
      remove: (userId, id) => write((n) => n.tokens.remove(userId, id)),
    },
    factors: {
      state: (userId) => read((n) => n.factors.state(userId)),
      totp: (userId) => read((n) => n.factors.totp(userId)),
      totps: () => read((n) => n.factors.totps()),
      resealTotp: (userId, before, after) => write((n) => n.factors.reseal(userId, before, after), unseen),
      saveTotp: (userId, totp, codes) => write((n) => n.factors.saveTotp(userId, totp, codes)),
      passkeys: (userId) => read((n) => n.factors.passkeys(userId)),
      passkey: (id) => read((n) => n.factors.passkey(id)),
      addPasskey: (passkey, codes) => write((n) => n.factors.addPasskey(passkey, codes)),
      remove: (userId, which) => write((n) => n.factors.remove(userId, which)),
      reset: (userId) => write((n) => n.factors.reset(userId)),
      takeBack: (userId, which) => write((n) => n.factors.takeBack(userId, which)),
      saveRecoveryCodes: (userId, hashes) => write((n) => n.factors.saveRecoveryCodes(userId, hashes)),
      failed: (userId) => read((n) => n.factors.failed(userId)),
      takeTry: (userId, device, at, waitAfter) =>
        write((n) => n.factors.takeTry(userId, device, at, waitAfter), unseen),
      proofGiven: (userId, { at, epoch, begins, used }) =>
        write((n) => {
          const now = n.users.standing(userId);
          if (now?.epoch !== epoch || (used && !n.factors.use(userId, used, at))) return null;
          if (begins) n.users.signedIn(userId, at);
          const failed = used && n.factors.given(userId, 'totpStep' in used);
          return { epoch, gains: now.gains, failed };
        }, unseen),
      roles: () => read((n) => n.factors.rolesWith()),
      setRoles: (roles) => write((n) => n.factors.setRolesWith(roles)),
    },
    approvals: {
      ask: (approval, kept) => write((n) => n.approvals.ask(approval, kept)),
      draft: (id) => read((n) => n.approvals.draft(id)),
      get: (id) => read((n) => n.approvals.get(id)),
      open: (now) => read((n) => n.approvals.open(now)),
      over: (now, limit) => read((n) => n.approvals.over(now, limit)),
      approve: (id, given) => write((n) => n.approvals.approve(id, given)),
      use: (id, what, at) => write((n) => n.approvals.use(id, what, at)),
      withdraw: (id, at) => write((n) => n.approvals.withdraw(id, at)),
      newest: (what, askedBy) => read((n) => n.approvals.newest(what, askedBy)),
      ties: (person) => read((n) => n.approvals.ties(person)),
    },
    audit: {
      append: (entry) => write((n) => n.audit.append(entry), unseen),
      tell: (source, entries, at) => write((n) => n.audit.tell(source, entries, at), unseen),
      entries: async (filter) => {
        const slice = (before: number | null, limit: number) =>
          read((n) => n.audit.entries(filter, before, limit));
        return (await fromSlices(slice, null, filter.limit)).items;
      },
      rows: (from, limit) => read((n) => n.audit.rows(from, limit)),
      head: () => read((n) => n.audit.head()),
      id: () => read((n) => n.audit.id()),
      actors: () => read((n) => n.audit.actors()),
      forgetWords: (before) => write((n) => n.audit.forgetWords(before), unseen),
      keepCheckpoint: (checkpoint) => write((n) => n.audit.keepCheckpoint(checkpoint)),
      checkpoints: (limit) => read((n) => n.audit.checkpoints(limit)),
    },
  };
}
