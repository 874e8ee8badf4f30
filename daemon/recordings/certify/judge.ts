import type { ReadEntry } from '../../catalogue/audit.js';
import type { Verbs } from '../../catalogue/catalogue.js';
import {
  type CertificateDoubt,
  type CertificateItem,
  type Erasure,
  type ErasureRun,
  runDigest,
} from '../../domain/certificate/certificate.js';
import { iso, isoOrNull } from '../../domain/days.js';
import { isFileOf, type Recording, type RecordingPlace } from '../../domain/recording/recording.js';
import type { Registered } from '../../domain/recording/registered.js';
import { isUnreachable, mayBeArchived } from '../../domain/recording/tier.js';
import type { RetentionRule } from '../../domain/retention/rule.js';
import type { Log } from '../../ops/log.js';

export type JudgeDeps = {
  catalogue: Verbs<'audit.entries' | 'holds.of' | 'policy.of'>;
  /** Look up what an erasure has destroyed. `isHot`: in the data directory. */
  hasKey: (id: string) => Promise<boolean> | boolean;
  hasFile: (place: RecordingPlace) => Promise<boolean> | boolean;
  isHot: (place: RecordingPlace) => Promise<boolean> | boolean;
  /** What the recorder noted, apart from the catalogue, when it sealed a recording; null for nothing. */
  registered: (recording: Pick<Recording, 'id'>) => Promise<Registered | null>;
  clock: () => number;
  log: Log;
};

/** What was found of an erasure that is believed. `intent`: the entry of the audit log with which it began. */
export type Believed = { item: CertificateItem; run: ErasureRun | null; intent: ReadEntry };

/** So many exports an item lists. */
const MOST_LEFT = 20;
/** So many entries of an intent and of a tombstone a recording may have. */
const MOST_ENTRIES = 100;

/** Returns what finds out whether an erasure is to be believed, by what is not in the rows that say so. */
export function createJudge(deps: JudgeDeps) {
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
  return async function judged(erasure: Erasure): Promise<Believed | CertificateDoubt> {
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
  };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const leaverOf = ({ actor, actor_name: name }: ReadEntry): string =>
  actor === 'console' ? `${name} (command line)` : actor === 'token' ? `${name} (API token)` : name;
