import { type Cdr, callFrom, endpointOf, gather } from '../assurance/cdr.js';
import type { PbxId } from '../pbx.js';
import type { CallId, CallRecord, Direction, Leg, Party } from '../recording/recording.js';
import type { CallTime } from './call-time.js';
import type { CdrMatch } from './cdr-match.js';
import type { FileName } from './file-name.js';
import type { Imported } from './imported.js';

/** Uniqueids that are kept of a call's CDRs. */
const MOST_IDS = 20;

export const cdrsSaid = ({ cdrs, by }: CdrMatch): Imported['cdrs'] => ({
  ...{ by, rows: cdrs.length },
  uniqueids: [...new Set(cdrs.map((cdr) => cdr.uniqueid).filter(Boolean))].slice(0, MOST_IDS),
});

type Given = {
  id: CallId;
  pbx: PbxId;
  name: FileName;
  time: CallTime;
  match: CdrMatch;
  /** Of the audio, in ms. */
  durationMs: number;
  trunkContexts: readonly string[];
};

/** Returns the call of a file: from its CDRs where there are any, else from its name. */
export function importedCall(given: Given): CallRecord {
  const { name, match, pbx } = given;
  const [account] = gather(
    match.cdrs.map((cdr) => ({ ...cdr, pbx })),
    [],
  );
  const call = account
    ? withPeers(callFrom(account, given.id, given.trunkContexts), account.cdrs)
    : fromName(given);
  return timed({ ...call, ...said(name, call) }, given, account?.answeredAt ?? null);
}

/**
 * CDRs are all that is known of who took part: phones that were called belong to the call like those that called, no matter which
 * of them answered. They decide who may hear it.
 */
function withPeers(call: CallRecord, cdrs: readonly Cdr[]): CallRecord {
  // A channel has a row for each phone that rang, and is up once one of them answered.
  const upAt = ({ id, upAt }: Leg) =>
    upAt ?? cdrs.find(({ uniqueid, answerAt }) => uniqueid === id && answerAt !== null)?.answerAt ?? null;
  const legs = call.legs.map((leg) => ({ ...leg, upAt: upAt(leg) }));
  for (const { peer, uniqueid, startAt, answerAt } of cdrs) {
    const number = endpointOf(peer);
    const known = legs.findIndex(({ party }) => party.ours && party.number === number);
    if (!isExtension(number) || (known >= 0 && (legs[known]!.upAt !== null || answerAt === null))) continue;
    const leg: Leg = {
      ...{
        id: `${uniqueid || call.id}-${number}`,
        endpoint: number,
        party: { number, name: '', ours: true },
      },
      ...{ seenAt: startAt, upAt: answerAt, goneAt: call.endedAt },
    };
    legs.splice(known < 0 ? legs.length : known, known < 0 ? 0 : 1, leg);
  }
  return { ...call, legs };
}

/** What the name knows and CDRs do not. */
function said({ type, dest }: FileName, call: CallRecord): Partial<CallRecord> {
  return {
    queue: type === 'q' ? dest : call.queue,
    did: type === 'in' && call.direction === 'in' ? dest : call.did,
  };
}

/**
 * The timeline begins where the recording does. A recording that is longer than the talk began before the answer; the call ended
 * when its CDRs say, or where the audio does.
 */
function timed(call: CallRecord, { time, durationMs }: Given, answeredAt: number | null): CallRecord {
  const startedAt = answeredAt === null ? time.startedAt : call.startedAt;
  const length = Math.round(durationMs);
  const ended = answeredAt === null ? null : call.endedAt;
  const from = Math.max(startedAt, answeredAt ?? time.recordedAt);
  const began = ended === null ? from : Math.max(startedAt, Math.min(from, ended - length));
  const endedAt = Math.max(ended ?? 0, began + length);
  const legs = call.legs.map((leg) => ({ ...leg, seenAt: Math.min(leg.seenAt, endedAt), goneAt: endedAt }));
  return { ...call, startedAt, answeredAt: began, endedAt, outcome: 'answered', legs, marks: [] };
}

const isExtension = (text: string) => /^\d{1,6}$/.test(text);

function directionOf({ type, from, dest }: FileName): Direction {
  if (type === 'in' || type === 'out' || type === 'internal') return type;
  if (isExtension(from)) return isExtension(dest) || dest === '' ? 'internal' : 'out';
  return 'in';
}

function fromName({ id, pbx, name, time }: Given): CallRecord {
  const direction = directionOf(name);
  const caller: Party = { number: name.from, name: '', ours: direction !== 'in' };
  const callee: Party = { number: name.dest, name: '', ours: direction !== 'out' };
  const leg = (n: number, party: Party): Leg => ({
    // The caller's channel is the one whose id the name has; the other's is not known.
    id: n === 0 && name.uniqueid !== '' && !name.uniqueid.endsWith('.') ? name.uniqueid : `${id}-${n + 1}`,
    ...{ party, endpoint: party.ours ? party.number : '' },
    ...{ seenAt: time.startedAt, upAt: time.recordedAt, goneAt: null },
  });
  return {
    ...{ id, pbx, direction },
    linkedids: name.uniqueid === '' || name.uniqueid.endsWith('.') ? [] : [name.uniqueid],
    ...{ startedAt: time.startedAt, answeredAt: time.recordedAt, endedAt: null, outcome: 'answered' },
    them: direction === 'out' ? callee : caller,
    us: direction === 'out' ? caller : callee,
    ...{ dialled: name.dest, did: '', queue: '' },
    legs: [caller, callee].flatMap((party, n) => (party.number === '' && n > 0 ? [] : [leg(n, party)])),
    ...{ marks: [], consultFor: null, facts: null, test: false },
  };
}
