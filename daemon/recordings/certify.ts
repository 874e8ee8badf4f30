import type { ReadEntry } from '../catalogue/audit.js';
import type { Verbs } from '../catalogue/catalogue.js';
import {
  type BackupEnd,
  backupResidual,
  type CertificateItem,
  type CertificateStatement,
  type Erasure,
  type ErasureRun,
  HOLD_METHOD,
  itemLine,
  METHOD,
  NAMES_METHOD,
  type NewRun,
  RESIDUALS,
  statementText,
  VERIFICATION,
} from '../domain/certificate/certificate.js';
import { itemsDigest } from '../domain/certificate/certificate-file.js';
import { iso, isoOrNull } from '../domain/days.js';
import type { RecordingPlace } from '../domain/recording/recording.js';
import { isUnreachable, mayBeArchived } from '../domain/recording/tier.js';
import type { RetentionRule } from '../domain/retention/rule.js';
import type { Log } from '../ops/log.js';

export type CertifyDeps = {
  catalogue: Verbs<
    | 'audit.entries'
    | 'audit.head'
    | 'audit.id'
    | 'certificates.begin'
    | 'certificates.end'
    | 'certificates.open'
    | 'certificates.describe'
    | 'certificates.issue'
    | 'certificates.last'
    | 'certificates.list'
    | 'names.removed'
    | 'policy.of'
  >;
  /** Look up what an erasure has destroyed. */
  hasKey: (id: string) => Promise<boolean> | boolean;
  hasFile: (place: RecordingPlace) => Promise<boolean> | boolean;
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
  log: Log;
};

/** Hooks of whatever erases recordings. One run at a time: nothing is erased from a `begin` to its `close` but of that run. */
export type Certify = {
  /** Before the first erasure of a run. Durable when it resolves. */
  begin(run: NewRun): Promise<void>;
  /**
   * After its last one: ends the run, and issues certificates of all that is erased and on none, of interrupted runs too. Never
   * throws: what could not be certified is at the next close.
   */
  close(): Promise<void>;
};

const PAGE = 100;
/** So many exports an item lists. */
const MOST_LEFT = 20;

/**
 * A certificate for every run that has erased something. What is to be on it is written by the catalogue, in the transactions of
 * the intent and of the tombstone, so that no end of the process loses an erasure. At the end of a run, and at the next start,
 * they are described, some at a time, and signed. A run that was cut in two may have two certificates; no recording is on two.
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

  async function policyOf({ policyVersion: version, rule }: Erasure): Promise<CertificateItem['policy']> {
    const kept = version === null ? [] : await rulesOf(version);
    const named = kept.find(({ name }) => name === rule);
    return { version, rule, purpose: named?.purpose ?? null, legal_basis: named?.legal_basis ?? null };
  }

  async function leftOf({ call, recording }: Erasure) {
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

  async function lookedUp(look: () => Promise<boolean> | boolean) {
    try {
      return (await look()) ? ('present' as const) : ('absent' as const);
    } catch {
      return 'unknown' as const;
    }
  }

  async function fileOf({
    recording: id,
    file,
    tier,
  }: Erasure): Promise<CertificateItem['verified']['file']> {
    if (file === '') return 'unknown';
    try {
      if (!(await deps.hasFile({ id, file, tier }))) return 'absent';
      return mayBeArchived(tier) ? 'pending' : 'present';
    } catch (e) {
      return isUnreachable(e) ? 'pending' : 'unknown';
    }
  }

  async function itemOf(erasure: Erasure): Promise<CertificateItem> {
    const { recording: id } = erasure;
    const entries = await catalogue.audit.entries({ recording: id, actions: ['erase', 'erased'], limit: 10 });
    return {
      ...{ recording: id, version: erasure.version, call: erasure.call },
      call_started_at: isoOrNull(erasure.startedAt),
      call_ended_at: isoOrNull(erasure.endedAt),
      duration_ms: erasure.durationMs,
      sealed_at: isoOrNull(erasure.sealedAt),
      sealed_bytes: erasure.sealedBytes,
      sealed_sha256: erasure.sealedSha256,
      manifest_sha256: erasure.manifestSha256,
      policy: await policyOf(erasure),
      reason: erasure.reason,
      erasure_began_at: isoOrNull(erasure.beganAt),
      erased_at: iso(erasure.erasedAt),
      audit_entries: entries.map(({ seq }) => seq).sort((a, b) => a - b),
      verified: {
        at: iso(clock()),
        key: await lookedUp(() => deps.hasKey(id)),
        file: await fileOf(erasure),
      },
      ...(await leftOf(erasure)),
    };
  }

  /** Describes the next erasures of one run and issues their certificate. False where there is none. */
  async function issueNext(): Promise<boolean> {
    const tally = tallyOf();
    let run: ErasureRun | null | undefined;
    let last = 0;
    for (;;) {
      const page = await catalogue.certificates.open(last, PAGE);
      run ??= page[0]?.run;
      const other = page.findIndex((one) => one.run?.id !== run?.id);
      const same = other < 0 ? page : page.slice(0, other);
      const lines = [];
      for (const erasure of same) {
        const text = erasure.text ?? itemLine(await itemOf(erasure));
        tally.add(text);
        lines.push({ seq: erasure.seq, text });
      }
      if (lines.length > 0) await catalogue.certificates.describe(lines);
      last = lines.at(-1)?.seq ?? last;
      if (other >= 0 || page.length < PAGE) break;
    }
    if (last === 0) return false;
    await issue(run ?? null, last, tally);
    return true;
  }

  async function issue(run: ErasureRun | null, lastSeq: number, tally: ReturnType<typeof tallyOf>) {
    const number = (await catalogue.certificates.last()) + 1;
    const issuedAt = clock();
    const [before] = await catalogue.certificates.list({ limit: 1 });
    const calls = await catalogue.names.removed(before?.issuedAt ?? 0, issuedAt);
    const { items, from, to, failed, left, entries } = tally.end();
    const { size, hash } = await catalogue.audit.head();
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
      names: { calls, method: NAMES_METHOD },
      method: METHOD,
      media: deps.media(),
      verification: { method: VERIFICATION, failed },
      legal_holds: { result: 'none', method: HOLD_METHOD },
      residuals: { backups: backupResidual(issuedAt, deps.backups), ...RESIDUALS, left },
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

  return {
    begin: (run) => catalogue.certificates.begin({ id: deps.mint(), startedAt: clock(), ...run }),
    async close() {
      try {
        await catalogue.certificates.end(clock());
        while (await issueNext());
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
  let failed = 0;
  let left = 0;
  const entries = { first: 0, last: 0 };
  return {
    add(line: string): void {
      digest.add(line);
      const item = JSON.parse(line) as CertificateItem;
      const began = item.erasure_began_at ?? item.erased_at;
      if (began < from) from = began;
      if (item.erased_at > to) to = item.erased_at;
      if (item.verified.key !== 'absent' || item.verified.file !== 'absent') failed += 1;
      if (item.left.length > 0) left += 1;
      for (const seq of item.audit_entries) {
        entries.first = entries.first === 0 ? seq : Math.min(entries.first, seq);
        entries.last = Math.max(entries.last, seq);
      }
    },
    end: () => ({ items: digest.end(), from, to, failed, left, entries }),
  };
}

const leaverOf = ({ actor, actor_name: name }: ReadEntry): string =>
  actor === 'console' ? `${name} (command line)` : actor === 'token' ? `${name} (API token)` : name;
