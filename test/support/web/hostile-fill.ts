import { ulid } from 'ulid';
import { auditActions, auditOutcomes, entryOf } from '../../../daemon/domain/assurance/audit.js';
import { downStatus } from '../../../daemon/domain/operations/status.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { skeleton } from '../../../daemon/domain/people/name.js';
import { noted } from '../words.js';
import { addCall, addRecording, type Dashboard, START } from './dashboard.js';
import { payloads } from './hostile.js';
import type { createSigner } from './signer.js';

const DAY = 86_400_000;
/** How many of the texts are on the page of one call. */
export const EACH = 24;
export const at = (n: number): string => payloads[n % payloads.length]!;
/** Names and rules have their limits, which the API checks before anything gets as far. */
export const short = (n: number, most: number): string => at(n).slice(0, most).trim() || `rule ${n}`;

/** Fills a catalogue with calls whose every text is hostile, as if what comes from the PBX had not been cleaned. */
export async function fill(
  dashboard: Dashboard,
  { sign }: Pick<ReturnType<typeof createSigner>, 'sign'>,
): Promise<string[]> {
  const { catalogue } = dashboard;
  const ids: string[] = [];
  const add = async (n: number) => {
    const startedAt = START - (n < 150 ? 0 : 2 * DAY) - n * 60_000;
    const party = (by: number) => ({ number: at(n + by), name: at(n), ours: by % 2 === 0 });
    const change = {
      startedAt,
      them: party(1),
      us: party(2),
      dialled: at(n + 3),
      did: at(n + 4),
      queue: at(n + 5),
      direction: (['in', 'out', 'internal'] as const)[n % 3],
    };
    // The pages of these calls are opened: each shows so many more of the texts.
    const opened = n % EACH === 0;
    const legs = Array.from({ length: opened ? EACH : 1 }, (_, leg) => ({
      id: `leg-${leg}`,
      party: { number: at(n + leg), name: at(n + leg), ours: leg > 0 },
      endpoint: at(n + leg),
      seenAt: startedAt,
      upAt: startedAt + 5_000,
      goneAt: startedAt + 185_000,
    }));
    const marks = (['hold', 'transfer', 'joined', 'queue', 'park'] as const).map((kind, i) => ({
      ...{ atMs: i * 20_000, untilMs: null, kind, text: at(n + i), legId: 'leg-0' },
    }));
    if (n % 12 === 0) {
      const side = { speechDb: -19, noiseDb: -40, peakDb: -2, silentShare: 0, zeroShare: 0 };
      const heard = { ...side, clippedShare: 0, lostShare: 0 };
      const made = await addRecording(dashboard, Buffer.from('sound'), {
        call: { ...change, legs, marks },
        recording: {
          keepUntil: n % 24 === 0 ? START - 1 : START + DAY,
          keepRule: at(n + 6),
          keepWhy: noted(at(n + 7)),
          gaps: [{ atMs: 1_000, untilMs: 3_000, side: 'us', why: noted(at(n + 8)) }],
          quality: {
            ...{ them: heard, us: heard, echo: null, flags: [{ side: 'us', flag: 'noisy' }] },
            ears: { them: { kind: 'line', name: at(n) }, us: { kind: 'extension', name: at(n + 1) } },
          },
        },
      });
      const { call, recording } = made;
      await sign(made);
      if (n % 36 === 12) {
        await catalogue.recordings.eraseIntended(recording.id, noted(at(n + 9)), START);
        await catalogue.recordings.erased(recording.id, START);
      }
      if (opened) ids.push(call.id);
    } else {
      const call = await addCall(catalogue, { ...change, legs, marks });
      const status = (['not_recorded', 'excluded', 'partial'] as const)[n % 3]!;
      await catalogue.calls.decideCoverage(call.id, {
        status,
        why: noted(at(n + 6)),
        rule: at(n),
        missingMs: 9_000,
      });
    }
  };
  // What is written in the same turn is one write for the disk.
  await Promise.all(payloads.map((_, n) => add(n)));
  const rule = (n: number) => ({ name: short(n, 80), reason: short(n + 1, 300), when: {} });
  const { version } = await catalogue.policy.newest();
  await catalogue.policy.save(
    {
      record: Array.from({ length: 150 }, (_, n) => ({ ...rule(n), outcome: 'record' })),
      retention: Array.from({ length: 150 }, (_, n) => ({ ...rule(n + 150), keep_days: 30 })),
      emergency_numbers: ['112'],
    },
    at(3),
    START,
    version,
  );
  return ids;
}

/** The same for people, where they are signed in and with what, the log, and the PBX's own account of its calls. */
export async function fillMore({ catalogue, store }: Dashboard, anna: string): Promise<string> {
  const time = { createdAt: START, expiresAt: START + DAY };
  const odd = { all: false, extensions: [at(7), at(8)], queues: [at(9)], dids: [at(10)] };
  const taken = (await catalogue.people.get(anna))!.name;
  // Names that look the same, such as those with nothing to see, are refused; one of each is enough.
  const looks = new Map(payloads.toReversed().map((name) => [skeleton(name), name]));
  looks.delete(skeleton(taken));
  const others = [...looks.values()].toReversed();
  const people = others.map((name, n) => ({
    ...{ id: ulid(START + n), name, roles: ['reviewer' as const, 'agent' as const], grants: [] },
    ...{ scope: odd, extensions: [at(n + 1)], passwordHash: 'x', createdAt: START },
  }));
  await Promise.all(people.map((user) => catalogue.people.add(user)));
  const some = payloads.filter((_, n) => n % 3 === 0);
  for (const [n, text] of some.entries())
    store.sessions.add(
      {
        ...{ tokenHash: `hash ${n}`, id: `session ${n}`, userId: anna, address: at(n + 1), agent: text },
        ...{ ...time, seenAt: START, provedAt: START, epoch: 0, gains: 0 },
        ...{ proofs: ['password'], failed: { count: 0, lastAt: null } },
      },
      null,
    );
  await Promise.all(
    some.flatMap((text, n) => [
      catalogue.tokens.add(
        { ...{ id: `token ${n}`, userId: anna, name: text, rights: ['view'] }, ...time },
        `hash ${n}`,
      ),
      catalogue.tokens.used(`token ${n}`, START, at(n + 2)),
      catalogue.factors.addPasskey({
        ...{ id: `key ${n}`, userId: anna, name: text, publicKey: new Uint8Array(9), counter: 0 },
        ...{ transports: [], host: at(n + 1), addedAt: START, usedAt: null },
      }),
    ]),
  );
  const [call] = await catalogue.calls.list({ limit: 1 });
  await Promise.all(
    payloads.map((text, n) =>
      catalogue.audit.append(
        entryOf(
          // An address is a socket's, and no text of anybody's.
          { actor: 'person', actor_id: at(n), actor_name: text, address: `10.0.0.${n % 250}` },
          START - n,
          auditActions[n % auditActions.length]!,
          {
            ...{
              object: n % 2 ? 'call' : at(n + 2),
              object_id: n % 2 ? call!.id : at(n + 3),
              reason: at(n + 4),
            },
            ...{ outcome: auditOutcomes[n % 3]!, words: at(n + 5) },
            detail: { because: at(n + 6), name: at(n + 7), changes: [at(n + 8)], filters: [at(n + 9)] },
          },
        ),
      ),
    ),
  );
  const accounts = payloads.map((text, n) => {
    const startedAt = START - 90_000 - n * 100;
    const cdr = {
      pbx: FIRST,
      ...{ linkedid: `l${n}`, uniqueid: `u${n}`, channel: `${text} ${n}`, peer: at(n + 1), src: at(n + 2) },
      ...{ dst: at(n + 3), name: text, context: at(n + 4), app: at(n + 5), disposition: at(n + 6) },
      ...{ startAt: startedAt, answerAt: startedAt, endAt: startedAt + 60_000, ahead: 0 },
    };
    const times = { startedAt, answeredAt: startedAt, endedAt: cdr.endAt };
    return { id: `l${n}`, pbx: FIRST, linkedid: `l${n}`, callId: null, ...times, alone: false, cdrs: [cdr] };
  });
  await catalogue.ledger.add(
    accounts.flatMap(({ cdrs }) => cdrs),
    'ami',
    START,
  );
  await catalogue.ledger.saveAccounts(accounts, []);
  for (const [n, name] of ['cdr_csv', 'cdr_sqlite', 'cdr_mysql'].entries())
    await catalogue.ledger.noteSource(FIRST, name, START, at(n + 11));
  return people[5]!.id;
}

/** An alarm in these words. */
const saying = (message: string, hint: string) => ({
  ...{ message, hint },
  why: { code: 'text' as const, params: { message, hint } },
});

/** What the recorder would say of itself if every word of it came from an attacker. */
export function status() {
  const time = new Date(START).toISOString();
  const party = (n: number) => ({ number: at(n), name: at(n + 1), ours: false });
  return async () => ({
    ...downStatus('', ''),
    daemon: 'up' as const,
    pbxes: ['', 'other'].map((id) => ({
      ...{ id, name: at(8), ari: true, ami: false, version: at(1), problem: { message: at(2), hint: at(3) } },
      ...{ calls_now: 1, recording_now: 1, last_event_at: time },
      captures: { begun: 1, failed: 1, failed_lately: 1 },
      test_call: { at: time, outcome: 'failed' as const, message: at(7) },
    })),
    health: {
      level: 'red' as const,
      problems: payloads.slice(0, 60).map((message, n) => ({
        code: at(n),
        severity: 'critical' as const,
        ...saying(message, at(n + 60)),
      })),
    },
    calls: payloads.map((_, n) => ({
      ...{
        id: ulid(START + n),
        pbx: '',
        direction: 'in' as const,
        them: party(n),
        us: party(n + 2),
        since: time,
      },
      ...{ answered_at: time, recorded: n % 2 === 0, why: at(n + 4) },
    })),
    alarms: payloads.slice(0, 150).map((message, n) => ({
      ...{
        key: at(n),
        severity: 'warning' as const,
        ...saying(message, at(n + 1)),
        raised_at: time,
        cleared_at: null,
      },
    })),
    past_alarms: payloads.slice(150).map((message, n) => ({
      ...{
        key: at(n),
        severity: 'warning' as const,
        ...saying(message, at(n + 1)),
        raised_at: time,
        cleared_at: time,
      },
    })),
    blind: payloads
      .slice(0, 60)
      .map((reason) => ({ pbx: '', from: time, to: time, reason, why: noted(reason) })),
    alerts: [
      ...[{ channel: 'mail' as const, target: at(5), waiting: 1, last_sent_at: null, failing_since: time }],
    ].map((a) => ({ ...a, problem: at(6) })),
  });
}
