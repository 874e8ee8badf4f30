import type { Static } from 'typebox';
import type { ToldCall } from '../../daemon/catalogue/notices.js';
import { type Directive, HOUSE, speakerOf, withoutUndone } from '../../daemon/domain/call/directive.js';
import { reasonView, type Say } from '../../daemon/domain/reason/words.js';
import type {
  BlindWindow,
  CallRecord,
  CoverageStatus,
  LegId,
} from '../../daemon/domain/recording/recording.js';
import { JURISDICTIONS } from '../../daemon/domain/telling/jurisdictions.js';
import type { Found, Played } from '../../daemon/domain/telling/notice.js';
import { regionOf } from '../../daemon/domain/telling/region.js';
import { toldOf, unwatchedIn } from '../../daemon/domain/telling/told.js';
import type { ListenerView, ToldView } from './told-schemas.js';

const names = new Map(JURISDICTIONS.map(({ id, name }) => [id, name]));
const nameOf = (id: string): string => names.get(id) ?? id;

type Call = Pick<CallRecord, 'startedAt' | 'answeredAt' | 'endedAt' | 'legs' | 'marks'> & {
  coverage: { status: CoverageStatus };
};

/** What the ledger of consent says of a call; null where nothing was decided. */
export function toldView(
  call: Call,
  { notice, played }: ToldCall,
  directives: readonly Directive[],
  unwatched: readonly BlindWindow[],
  say: Say,
): Static<typeof ToldView> | null {
  if (!notice) return null;
  const zero = call.answeredAt ?? call.startedAt;
  const since = (at: number) => Math.round(at - zero);
  const { told, untold, answer, found, purpose, findings } = toldOf({
    ...call,
    ...{ mode: notice.mode, statedIsEnough: notice.statedIsEnough },
    purposeAndIdentity: notice.purposeAndIdentity,
    ...{ coverage: call.coverage.status, played, directives },
    unwatchedMs: unwatchedIn(call, unwatched),
  });
  return {
    mode: notice.mode,
    because: notice.because.map((reason) =>
      reason.code === 'jurisdiction' ? { ...reason, name: nameOf(reason.id) } : reason,
    ),
    prompt_in_recording: notice.promptInRecording,
    purpose,
    stated_is_enough: notice.statedIsEnough,
    beep_seconds: notice.beepSeconds,
    jurisdictions: notice.jurisdictions.map(({ id, asOf, overridden, from }) => ({
      ...{ id, name: nameOf(id), as_of: asOf, overridden, from },
    })),
    number: notice.number,
    number_place: notice.number === null ? null : regionOf(notice.number, notice.site.region),
    ...{ site: notice.site, language: notice.language },
    ...{ policy_version: notice.version, rule: notice.rule },
    result: told,
    untold: untold.map((id) => listener(call, id, call.endedAt ?? Number.MAX_SAFE_INTEGER)),
    ...{ answer, found, findings },
    played: played.map((one) => playedView(call, one, since, say)),
    answers: withoutUndone(directives).flatMap((one) => {
      const { kind, how, who, at, legId } = one;
      if (kind !== 'decline' && kind !== 'allow') return [];
      const key = how === 'digits' ? who : null;
      const by = legId === null ? null : listener(call, legId, at);
      const stated = kind === 'allow' && speakerOf(one, call.legs) === HOUSE;
      return [{ kind, how, key, at_ms: since(at), who: key === null ? who : '', by, stated }];
    }),
  };
}

const playedView = (call: Call, one: Played, since: (at: number) => number, say: Say) => ({
  what: one.what,
  prompt: {
    ...{ kind: one.prompt.kind, language: one.prompt.language, hash: one.prompt.hash },
    ...{ name: one.prompt.name, duration_ms: one.prompt.durationMs },
    says_purpose: one.prompt.saysPurpose === true,
  },
  to: listener(call, one.leg, one.startedAt ?? one.endedAt),
  heard_by: one.heardBy.map((id) => listener(call, id, one.endedAt)),
  from_ms: one.startedAt === null ? null : since(one.startedAt),
  until_ms: since(one.endedAt),
  whole: one.whole,
  failed: one.failed && reasonView(one.failed, say),
  found: one.found && foundView(one.found),
});

const foundView = (found: Found) =>
  found.found
    ? {
        ...{ found: true as const, in: found.in, share: found.share, correlation: found.correlation },
        ...{ from_ms: Math.round(found.fromMs), until_ms: Math.round(found.untilMs) },
      }
    : { found: false as const, excused: found.excused };

/** Somebody who comes back to a call is in it twice: the stay that began last by then. */
function listener({ legs }: Pick<Call, 'legs'>, id: LegId, at: number): ListenerView {
  const stays = legs.flatMap((leg, i) => (leg.id === id ? [{ leg, i }] : []));
  const stay = stays.findLast(({ leg }) => leg.seenAt <= at) ?? stays[0];
  if (!stay) return { leg: null, party: null };
  const { number, name, ours } = stay.leg.party;
  return { leg: stay.i, party: { number, name, ours } };
}
