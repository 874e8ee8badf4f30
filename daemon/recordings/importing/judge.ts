import type { Verbs } from '../../catalogue/catalogue.js';
import type { ImportKey, ImportRow } from '../../catalogue/recordings/imports.js';
import { sha256 } from '../../domain/assurance/canonical.js';
import { factsOf } from '../../domain/call/facts-of.js';
import type { Site } from '../../domain/days.js';
import type { CdrMatch, MatchCdrs } from '../../domain/importing/cdr-match.js';
import { stemOf } from '../../domain/importing/file-name.js';
import { importedCall } from '../../domain/importing/imported-call.js';
import type { PbxId } from '../../domain/pbx.js';
import { decideKeeping, decideRecord, type Policy } from '../../domain/policy/policy.js';
import type { StandingOf } from '../../domain/policy/standing/standing.js';
import type { CallId, CallRecord, CoverageStatus } from '../../domain/recording/recording.js';
import { decideRetention, type RetentionDecision } from '../../domain/retention/decide.js';
import type { Looked, Refusal } from './look.js';

export type JudgeDeps = {
  catalogue: Verbs<'imports.byHash' | 'imports.byName' | 'imports.followed'>;
  pbx: PbxId;
  trunkContexts: readonly string[];
  /** The CDRs around that time (ms since 1970), ready to be matched. */
  cdrsAt: (at: number) => Promise<MatchCdrs>;
  policy: Policy;
  site: Site;
  listsOf: (number: string) => string[];
  standing: StandingOf;
  /** Import also what is past its retention. */
  withDue: boolean;
  clock: () => number;
  /** How far `clock` may be behind the true time, in ms. */
  behind: () => number;
};

/** A call begins so long before a recording of it at most, in ms, and so little after it by another clock. */
const BEFORE = 4 * 3_600_000;
const AFTER = 60_000;

const OURS: readonly CoverageStatus[] = ['recorded', 'partial', 'pending'];
const ON_PURPOSE: readonly CoverageStatus[] = ['excluded', 'declined', 'not_kept'];

/** Decides what becomes of a file: whether it is there already, which call it is of, and whether your rules keep that call. */
export function createJudge(deps: JudgeDeps) {
  /** What makes it the same original again. `hash` is '' where it was not read. */
  function keyOf({ original, name, file }: Looked, hash: string): ImportKey {
    const id = name.uniqueid.endsWith('.') ? '' : name.uniqueid;
    return {
      sha256: hash,
      uniqueid: id === '' ? '' : sha256(`${deps.pbx}\n${id}`),
      name: sha256(`${deps.pbx}\n${stemOf(original.shown)}\n${file.bytes}`),
    };
  }

  /** Two calls may have the same sound, such as silence: their uniqueids tell them apart. */
  const isSame = (key: ImportKey, row: ImportRow): boolean =>
    key.uniqueid === '' || row.uniqueid === '' || key.uniqueid === row.uniqueid;

  return {
    keyOf,

    /** What is known of this original: by its hash, or by its name and size where it was not hashed. */
    async known(key: ImportKey): Promise<ImportRow | null> {
      const rows =
        key.sha256 === ''
          ? await deps.catalogue.imports.byName(key.name)
          : await deps.catalogue.imports.byHash(key.sha256);
      return rows.find((row) => isSame(key, row)) ?? null;
    },

    /** The CDRs of its call, and why Tapedeck has that call already or will not have it; null for neither. */
    async match({ original, name, time }: Looked): Promise<{ match: CdrMatch; refusal: Refusal | null }> {
      const match = (await deps.cdrsAt(time.startedAt))(original.shown, name, time.startedAt);
      const ids = [name.uniqueid, ...match.cdrs.flatMap((cdr) => [cdr.uniqueid, cdr.linkedid])].filter(
        (id) => id !== '' && !id.endsWith('.'),
      );
      if (ids.length === 0) return { match, refusal: null };
      const began = match.cdrs[0]?.startAt ?? time.startedAt;
      const range = { from: began - BEFORE, to: began + AFTER };
      const calls = await deps.catalogue.imports.followed(deps.pbx, [...new Set(ids)], range);
      const own = calls.find(({ status }) => OURS.includes(status));
      const withheld = calls.find(({ status }) => ON_PURPOSE.includes(status));
      const refusal: Refusal | null = own
        ? { outcome: 'recorded', detail: own.id }
        : withheld
          ? { outcome: 'withheld', detail: withheld.id }
          : null;
      return { match, refusal };
    },

    /** The call of a file that holds so many ms of audio. */
    call: (id: CallId, { name, time }: Looked, match: CdrMatch, durationMs: number): CallRecord =>
      importedCall({
        ...{ id, pbx: deps.pbx, name, time, match, durationMs },
        trunkContexts: deps.trunkContexts,
      }),

    /** How long a call is kept by the rules of today, or why it is not. `talkMs`: null where that is not known yet. */
    keep(call: CallRecord, talkMs: number | null): Refusal | RetentionDecision {
      const { policy } = deps;
      const facts = factsOf(call, deps.site, deps.listsOf, deps.standing);
      const decided = decideRecord(policy, facts);
      // Whether the other party was asked, and said yes, another recorder does not tell.
      const asks = decided.outcome === 'ask' && !decided.agreed;
      if (decided.outcome === 'skip' || asks) return { outcome: 'rules', detail: decided.rule ?? '' };
      const atEnd = talkMs === null ? null : decideKeeping(policy, facts, { talkMs, askedFor: true });
      if (atEnd?.keep === false) return { outcome: 'rules', detail: atEnd.rule ?? '' };
      const retention = decideRetention(policy, facts, call.endedAt! + deps.behind());
      const due = retention.keepUntil !== null && retention.keepUntil <= deps.clock();
      return due && !deps.withDue ? { outcome: 'due', detail: retention.rule ?? '' } : retention;
    },
  };
}
export type Judge = ReturnType<typeof createJudge>;
