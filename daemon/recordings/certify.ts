import type { Verbs } from '../catalogue/catalogue.js';
import type { Head } from '../domain/assurance/audit.js';
import { type BackupEnd, backupResidual, type ListPut } from '../domain/certificate/backup-residual.js';
import {
  type CertificateDoubt,
  type CertificateStatement,
  certificateName,
  type ErasureRun,
  holdText,
  itemLine,
  methodText,
  NAMES_METHOD,
  type NewRun,
  RESIDUALS,
  statementHash,
  statementText,
  verificationText,
} from '../domain/certificate/certificate.js';
import { itemsDigest } from '../domain/certificate/certificate-file.js';
import { iso } from '../domain/days.js';
import { fail } from '../domain/error.js';
import type { Alarms } from '../domain/operations/alarm.js';
import { type Believed, createJudge, type JudgeDeps } from './certify/judge.js';

export type CertifyDeps = JudgeDeps & {
  catalogue: Verbs<
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
  >;
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
  alarms: Alarms;
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
/** So many erasures that were refused are looked at again, and so many an alarm names. */
const MOST_REFUSED = 1_000;
const NAMED = 2;
/** So many runs of retention are between two certificates. */
const MOST_RUNS = 1_000;
const REFUSED = 'certificate_refused';
const FORGED = 'certificate_forged';

type Refusal = { recording: string; call: string; fault: CertificateDoubt };

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
  const judged = createJudge(deps);

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
