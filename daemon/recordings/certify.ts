import type { ReadEntry } from '../catalogue/audit.js';
import type { Verbs } from '../catalogue/catalogue.js';
import type { Head } from '../domain/assurance/audit.js';
import { type BackupEnd, backupResidual, type ListPut } from '../domain/certificate/backup-residual.js';
import {
  type CertificateDoubt,
  type CertificateItem,
  type CertificateStatement,
  certificateName,
  type Erasure,
  type ErasureRun,
  holdText,
  itemLine,
  methodText,
  NAMES_METHOD,
  type NewRun,
  RESIDUALS,
  runDigest,
  statementHash,
  statementText,
  verificationText,
} from '../domain/certificate/certificate.js';
import { itemsDigest } from '../domain/certificate/certificate-file.js';
import { iso, isoOrNull } from '../domain/days.js';
import { fail } from '../domain/error.js';
import type { Alarms } from '../domain/operations/alarm.js';
import { isFileOf, type Recording, type RecordingPlace } from '../domain/recording/recording.js';
import type { Registered } from '../domain/recording/registered.js';
import { isUnreachable, mayBeArchived } from '../domain/recording/tier.js';
import type { RetentionRule } from '../domain/retention/rule.js';
import type { Log } from '../ops/log.js';

export type CertifyDeps = {
  catalogue: Verbs<
    | 'audit.entries'
    | 'audit.id'
    | 'certificates.begin'
    | 'certificates.end'
    | 'certificates.open'
    | 'certificates.describe'
    | 'certificates.issue'
    | 'certificates.last'
    | 'certificates.list'
    | 'certificates.refuse'
    | 'certificates.reopen'
    | 'holds.of'
    | 'policy.of'
  >;
  /** Look up what an erasure has destroyed. `isHot`: in the data directory. */
  hasKey: (id: string) => Promise<boolean> | boolean;
  hasFile: (place: RecordingPlace) => Promise<boolean> | boolean;
  isHot: (place: RecordingPlace) => Promise<boolean> | boolean;
  /** What the recorder noted, apart from the catalogue, when it sealed a recording; null for nothing. */
  registered: (recording: Pick<Recording, 'id'>) => Promise<Registered | null>;
  /** Follows the audit log from this entry to its end, and returns what it comes to. Throws `checkpoint_refused`. */
  sealedLog: (from: number) => Promise<Head>;
  /** Puts the list of erasures where backups are; null where Tapedeck makes none. Never throws. */
  putList: () => Promise<ListPut | null>;
  /** Where the sealed files were. */
  media: () => CertificateStatement['media'];
  /** Signs what is vouched for. Throws `schema_altered`, `signing_key_missing`. */
  sign: (text: string) => Promise<{ signature: string; keyId: string }>;
  /** The key with which `sign` signs, and the SHA-256 of its public half (DER). */
  signer: () => { keyId: string; sha256: string };
  /** How backups end; null where Tapedeck makes none. */
  backups: BackupEnd | null;
  site: { name: string; timeZone: string };
  version: string;
  mint: () => string;
  clock: () => number;
  alarms: Alarms;
  log: Log;
};

/** Hooks of whatever erases recordings. One run at a time: nothing is erased from a `begin` to its `close` but of that run. */
export type Certify = {
  /** Before the first erasure of a run. Durable when it resolves. */
  begin(run: NewRun): Promise<void>;
  /**
   * After its last one: ends the run, and issues certificates of all that is erased and on none, of interrupted runs too. What is not
   * believed is on none, and named in an alarm. Never throws: what could not be certified is at the next close.
   */
  close(): Promise<void>;
};

const PAGE = 100;
/** So many exports an item lists. */
const MOST_LEFT = 20;
/** So many erasures that were refused are looked at again, and so many an alarm names. */
const MOST_REFUSED = 1_000;
const NAMED = 2;
/** So many entries of an intent and of a tombstone a recording may have, and so many runs of retention are between two certificates. */
const MOST_ENTRIES = 100;
const MOST_RUNS = 1_000;
const REFUSED = 'certificate_refused';
const FORGED = 'certificate_forged';

type Refusal = { recording: string; call: string; fault: CertificateDoubt };
/** What was found of an erasure that is believed. `intent`: the entry of the audit log with which it began. */
type Believed = { item: CertificateItem; run: ErasureRun | null; intent: ReadEntry };

/**
 * A certificate for every run that has erased something. What is to be on it is written by the catalogue, in the transactions of
 * the intent and of the tombstone, so that no end of the process loses an erasure. At the end of a run, and at the next start,
 * they are described, some at a time, and signed. A run that was cut in two may have two certificates; no recording is on two.
 *
 * The rows are not believed: anyone who can write to the catalogue may have put them there. On a certificate is only what the audit log
 * has an intent of, which is followed to what was signed last, what the recorder noted when it sealed it, and what is found gone.
 */
export function createCertify(deps: CertifyDeps): Certify {
  const { catalogue, clock, log } = deps;
  const rules = new Map<number, Promise<readonly RetentionRule[]>>();

  function rulesOf(version: number): Promise<readonly RetentionRule[]> {
    const known = rules.get(version);
    if (known) return known;
    const found = catalogue.policy.of(version).then(
      (kept) => (kept.version === version ? kept.policy.retention : []),
      () => [],
    );
    rules.set(version, found);
    return found;
  }

  async function policyOf(version: number | null, rule: string | null): Promise<CertificateItem['policy']> {
    const kept = version === null ? [] : await rulesOf(version);
    const named = kept.find(({ name }) => name === rule);
    return { version, rule, purpose: named?.purpose ?? null, legal_basis: named?.legal_basis ?? null };
  }

  async function leftOf(call: string, recording: string) {
    const filter = { actions: ['download', 'export'], outcome: 'ok', limit: MOST_LEFT + 1 } as const;
    const found = [
      ...(call === '' ? [] : await catalogue.audit.entries({ ...filter, objectId: call })),
      ...(await catalogue.audit.entries({ ...filter, recording })),
    ];
    const entries = [...new Map(found.map((entry) => [entry.seq, entry])).values()];
    entries.sort((a, b) => a.seq - b.seq);
    return {
      left: entries.slice(0, MOST_LEFT).map((entry) => ({
        ...{ entry: entry.seq, at: entry.at, by: leaverOf(entry) },
        what: typeof entry.detail.what === 'string' ? entry.detail.what : 'recording',
      })),
      left_not_listed: Math.max(0, entries.length - MOST_LEFT),
    };
  }

  /** Whether the key is gone, and the file, or that its removal is pending. */
  async function lookedUp(place: RecordingPlace): Promise<'absent' | 'pending' | CertificateDoubt> {
    try {
      if (await deps.hasKey(place.id)) return 'key_present';
      if (await deps.isHot(place)) return 'file_present';
      if (!(await deps.hasFile(place))) return 'absent';
      return mayBeArchived(place.tier) ? 'pending' : 'file_present';
    } catch (err) {
      if (isUnreachable(err)) return 'pending';
      log.error({ err, recording: place.id }, 'it could not be looked up whether a recording is gone');
      return 'unknown';
    }
  }

  /** Returns what a certificate says of an erasure, or why it is on none. */
  async function judged(erasure: Erasure): Promise<Believed | CertificateDoubt> {
    const { recording: id, run } = erasure;
    const entries = await catalogue.audit.entries({
      ...{ recording: id, actions: ['erase', 'erased'], outcome: 'ok', limit: MOST_ENTRIES },
    });
    const own = entries.filter(({ actor }) => actor === 'tapedeck').sort((a, b) => a.seq - b.seq);
    const intents = own.filter(({ action }) => action === 'erase');
    const [intent] = intents;
    if (!intent) return 'no_intent';
    if (!erasure.gone) return 'not_erased';
    const noted = await deps.registered({ id });
    if (!noted) return 'never_sealed';
    const { manifestSha256: manifest, sealedSha256: sealed } = erasure;
    const others = [sealed !== noted.sealedSha256, (intent.detail.sealed_sha256 ?? sealed) !== sealed];
    if (manifest !== null && noted.manifestSha256 !== null) others.push(manifest !== noted.manifestSha256);
    if (others.includes(true)) return 'other_file';
    // Earlier versions did not bind an intent to its run: who asked for it is not known then.
    const digests = new Set(intents.map(({ detail }) => detail.run ?? null));
    const bound = intent.detail.run ?? null;
    if (digests.size > 1 || (bound !== null && (!run || runDigest(run) !== bound))) return 'other_run';
    if ((await catalogue.holds.of([id])).length > 0) return 'held';
    const file = textOf(intent.detail.file) ?? erasure.file;
    if (!isFileOf(file, id)) return 'unknown';
    const found = await lookedUp({ id, file, tier: erasure.tier });
    if (found !== 'absent' && found !== 'pending') return found;

    const call = intent.object_id;
    const sameCall = call === erasure.call;
    const { policy = erasure.policyVersion, rule = erasure.rule } = intent.detail;
    const tombstone = own.findLast(({ action }) => action === 'erased');
    const item = {
      ...{ recording: id, version: erasure.version, call },
      call_started_at: sameCall ? isoOrNull(erasure.startedAt) : null,
      call_ended_at: sameCall ? isoOrNull(erasure.endedAt) : null,
      duration_ms: erasure.durationMs,
      sealed_at: isoOrNull(erasure.sealedAt),
      sealed_bytes: erasure.sealedBytes,
      sealed_sha256: sealed,
      manifest_sha256: noted.manifestSha256 ?? manifest,
      policy: await policyOf(typeof policy === 'number' ? policy : null, textOf(rule)),
      reason: intent.reason,
      erasure_began_at: intent.at,
      erased_at: tombstone?.at ?? iso(erasure.erasedAt),
      audit_entries: own.map(({ seq }) => seq),
      verified: { at: iso(clock()), key: 'absent' as const, file: found },
      ...(await leftOf(call, id)),
    };
    return { item, run: bound === null ? null : run, intent };
  }

  /** Describes the next erasures of one run and issues their certificate. False where there is none. */
  async function issueNext(refused: Refusal[]): Promise<boolean> {
    const tally = tallyOf();
    let run: ErasureRun | null | undefined;
    let [last, read] = [0, 0];
    for (let over = false; !over; ) {
      const page = await catalogue.certificates.open(read, PAGE);
      over = page.length < PAGE;
      const lines = [];
      for (const erasure of page) {
        const { seq, recording, call } = erasure;
        const found = await judged(erasure);
        if (typeof found === 'string') {
          refused.push({ recording, call, fault: found });
          await catalogue.certificates.refuse({ seq, recording });
          continue;
        }
        if (run === undefined) run = found.run;
        if (found.run?.id !== run?.id) {
          over = true;
          break;
        }
        const text = itemLine(found.item);
        tally.add(text, found);
        lines.push({ seq, text });
        last = seq;
      }
      read = page.at(-1)?.seq ?? read;
      if (lines.length > 0) await catalogue.certificates.describe(lines);
    }
    if (last === 0) return false;
    await issue(run ?? null, last, tally);
    return true;
  }

  async function issue(run: ErasureRun | null, lastSeq: number, tally: ReturnType<typeof tallyOf>) {
    const { items, from, to, left, entries, looked } = tally.end();
    // Of what is on the certificate, and with it: a restore must not bring back what was certified.
    const list = await deps.putList();
    const { size, hash } = await deps.sealedLog(entries.first);
    const number = (await catalogue.certificates.last()) + 1;
    const issuedAt = clock();
    const { keyId, sha256 } = deps.signer();
    const text = statementText({
      ...{ type: 'tapedeck certificate of erasure', format: 1, number, issued_at: iso(issuedAt) },
      site: { name: deps.site.name, time_zone: deps.site.timeZone },
      tool: { name: 'Tapedeck', version: deps.version },
      erasure: {
        kind: run?.kind ?? 'unknown',
        requested_by: run?.requestedBy ?? null,
        approved_by: run?.approvedBy ?? null,
        reference: run?.reference ?? '',
        reason: run?.reason ?? '',
      },
      executed: { from, to },
      items,
      names: { calls: await namesRemoved(), method: NAMES_METHOD },
      method: methodText(looked),
      media: deps.media(),
      verification: { method: verificationText(looked), failed: looked.pending },
      legal_holds: { result: 'none', method: holdText(looked) },
      residuals: { backups: backupResidual(issuedAt, deps.backups, list), ...RESIDUALS, left },
      audit: { log: await catalogue.audit.id(), ...entries, size, hash },
      key: { id: keyId, sha256 },
    } satisfies CertificateStatement);
    const { signature } = await deps.sign(text);
    const kind = run?.kind ?? 'unknown';
    await catalogue.certificates.issue({
      ...{ number, text, signature, keyId, issuedAt, kind, items: items.count, lastSeq },
    });
    log.info({ certificate: number, recordings: items.count, kind }, 'certificate of erasure issued');
  }

  const ownEntry = async (action: 'certificate' | 'retention_run', limit: number) =>
    (await catalogue.audit.entries({ actions: [action], outcome: 'ok', limit })).filter(
      ({ actor }) => actor === 'tapedeck',
    );

  /** Calls that have lost their names since the last certificate, as the audit log has it. */
  async function namesRemoved(): Promise<number> {
    const [before] = await ownEntry('certificate', 1);
    return (await ownEntry('retention_run', MOST_RUNS))
      .filter(({ seq }) => seq > (before?.seq ?? 0))
      .reduce((calls, { detail }) => calls + (typeof detail.names === 'number' ? detail.names : 0), 0);
  }

  /** Throws where the newest certificate is not one that was issued here: it hides the erasures that it claims to list. */
  async function refuseForged(): Promise<void> {
    const [newest] = await catalogue.certificates.list({ limit: 1 });
    const [issued] = newest
      ? (
          await catalogue.audit.entries({
            objectId: String(newest.number),
            actions: ['certificate'],
            limit: 9,
          })
        ).filter(({ actor, outcome }) => actor === 'tapedeck' && outcome === 'ok')
      : [];
    if (!newest || issued?.detail.sha256 === statementHash(newest.text)) {
      deps.alarms.clear(FORGED);
      return;
    }
    deps.alarms.raise(FORGED, {
      severity: 'critical',
      why: { code: 'certificate_forged', params: { number: newest.number } },
    });
    throw fail('internal', `${certificateName(newest.number)} was not issued here.`);
  }

  function tell(refused: readonly Refusal[]): void {
    if (refused.length === 0) deps.alarms.clear(REFUSED);
    else raise(refused);
  }

  function raise(refused: readonly Refusal[]): void {
    for (const one of refused) log.error(one, 'no certificate of an erasure: it is not believed');
    deps.alarms.raise(REFUSED, {
      severity: 'critical',
      why: {
        code: 'certificate_refused',
        params: { recordings: refused.length, named: refused.slice(0, NAMED) },
      },
    });
  }

  return {
    begin: (run) => catalogue.certificates.begin({ id: deps.mint(), startedAt: clock(), ...run }),
    async close() {
      try {
        await catalogue.certificates.end(clock());
        await refuseForged();
        await catalogue.certificates.reopen(MOST_REFUSED);
        const refused: Refusal[] = [];
        try {
          while (await issueNext(refused));
        } finally {
          tell(refused);
        }
      } catch (err) {
        log.error({ err }, 'certificate of erasure not issued; it will be tried again');
      }
    },
  };
}

/** What a statement says of its items as a whole. */
function tallyOf() {
  const digest = itemsDigest();
  let from = '9999';
  let to = '';
  let left = 0;
  const entries = { first: 0, last: 0 };
  const looked = { items: 0, pending: 0, unheld: 0 };
  return {
    add(line: string, { item, intent }: Believed): void {
      digest.add(line);
      const began = item.erasure_began_at ?? item.erased_at;
      if (began < from) from = began;
      if (item.erased_at > to) to = item.erased_at;
      looked.items += 1;
      if (item.verified.file !== 'absent') looked.pending += 1;
      if (intent.detail.holds === 0) looked.unheld += 1;
      if (item.left.length > 0) left += 1;
      for (const seq of item.audit_entries) {
        entries.first = entries.first === 0 ? seq : Math.min(entries.first, seq);
        entries.last = Math.max(entries.last, seq);
      }
    },
    end: () => ({ items: digest.end(), from, to, left, entries, looked }),
  };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const leaverOf = ({ actor, actor_name: name }: ReadEntry): string =>
  actor === 'console' ? `${name} (command line)` : actor === 'token' ? `${name} (API token)` : name;
