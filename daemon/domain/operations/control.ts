import { type Static, Type } from 'typebox';
import { type Measures, testOutcomes } from '../call/test-call.js';
import { type TestFault, testFaults } from '../call/test-fault.js';
import { PbxId } from '../pbx.js';
import type { Act } from '../people/act.js';
import { orNull } from '../reason/coded.js';
import { APPROVALS } from './control/approvals.js';
import { CONSENT_STREAMS, CONSENTS } from './control/consents.js';
import { ERASING } from './control/erasing.js';
import { HOLDS } from './control/holds.js';
import { LISTS } from './control/lists.js';
import { OWNER } from './control/owner.js';
import { PEOPLE } from './control/people.js';
import { PRIVACY, PRIVACY_STREAMS } from './control/privacy.js';
import { RECORDING_STREAMS, RECORDINGS } from './control/recordings.js';
import { MAILINGS, ORGANISATION, REPORT_STREAMS } from './control/reports.js';
import { get, NOTHING, post, type Request, Text } from './control/request.js';
import { SIGN_IN } from './control/sign-in.js';
import { TELLING } from './control/telling.js';
import { AskedView } from './job.js';
import { DaemonStatus } from './status.js';

/**
 * The requests that the recorder answers over its control sockets: one contract for both sides. The recorder checks each
 * request, the client each answer. Durations are in ms.
 */

/** The audit log may have to be followed from its beginning. */
const SIGN_MS = 120_000;
/** Each channel has half a minute. */
const ALERT_MS = 60_000;
/** The call, its recording, and the tries of making it. */
const TEST_CALL_MS = 180_000;

/** What a channel did with a test message. */
const Outcome = Type.Object({
  channel: Type.String(),
  target: Type.String(),
  ok: Type.Boolean(),
  detail: Type.String(),
});

const TestCall = Type.Object({
  pbx: PbxId,
  at: Type.Number(),
  outcome: Type.Enum([...testOutcomes]),
  fault: orNull(Type.Enum(Object.keys(testFaults) as TestFault[])),
  detail: Type.String(),
  measures: Type.Unsafe<Measures | null>(orNull(Type.Object({ durationMs: Type.Number() }))),
  tookMs: Type.Number(),
});

/** A checkpoint of the audit log, as a signed note. */
const Signed = Type.Object({ size: Type.Integer(), at: Type.String(), note: Type.String() });

const Checkpoints = Type.Object({
  key: Type.Object({ id: Type.String(), pem: Type.String() }),
  /** How those fare that keep them elsewhere. Times are ms since 1970. */
  targets: Type.Array(
    Type.Object({
      channel: Type.String(),
      target: Type.String(),
      waiting: Type.Integer(),
      lastSentAt: orNull(Type.Number()),
      failingSince: orNull(Type.Number()),
      problem: Type.String(),
    }),
  ),
});

const CoreLimit = orNull(Type.Object({ soft: Type.String(), hard: Type.String() }));

export const CONTROL = {
  ...APPROVALS,
  ...OWNER,
  ...PEOPLE,
  ...SIGN_IN,
  ...RECORDINGS,
  ...ERASING,
  ...LISTS,
  ...HOLDS,
  ...PRIVACY,
  ...CONSENTS,
  ...TELLING,
  ...MAILINGS,
  ...ORGANISATION,
  status: get('/status', DaemonStatus),
  /** Prometheus' text format. */
  metrics: get('/metrics', Type.String()),
  /** What the kernel lets this process dump. */
  core_limit: get('/core-limit', Type.Object({ limit: CoreLimit })),
  test_alerts: post('/alerts/test', NOTHING, Type.Array(Outcome), { timeoutMs: ALERT_MS, socket: 'owner' }),
  /** On the first PBX unless another is named. Throws `pbx_unknown`. */
  run_test_call: post('/test-call/run', Type.Object({ pbx: Type.Optional(PbxId) }), TestCall, {
    ...{ timeoutMs: TEST_CALL_MS, socket: 'owner' },
  }),
  checkpoints: get('/audit/checkpoints', Checkpoints),
  sign_checkpoint: post('/audit/checkpoint', NOTHING, Signed, { timeoutMs: SIGN_MS }),
  /** From here on the log as it is now is the one that is signed, by this user of the machine. */
  accept_log: post('/audit/accept', Type.Object({ by: Text(80, 1), reason: Text(300, 1) }), Signed, {
    timeoutMs: SIGN_MS,
    socket: 'owner',
  }),
  /** Begins a backup, a check of the newest one, or a restore drill, for this user of the machine. Throws `backup_off`. */
  back_up: post(
    '/backup/begin',
    Type.Object({ by: Text(80, 1), what: Type.Enum(['backup', 'check', 'drill']) }),
    AskedView,
    { socket: 'owner' },
  ),
} as const;

export type ControlName = keyof typeof CONTROL;
export type ControlBody<N extends ControlName> = Static<(typeof CONTROL)[N]['body']>;
export type ControlAnswer<N extends ControlName> = Static<(typeof CONTROL)[N]['answer']>;

/** The requests that need a proof, and the act that one of them is. */
export type ProvedName = {
  [N in ControlName]: null extends (typeof CONTROL)[N]['proof'] ? never : N;
}[ControlName];
export function actIn<N extends ProvedName>(name: N, body: ControlBody<N>): Act {
  const { kind, object } = CONTROL[name].proof as NonNullable<Request['proof']>;
  return { kind, object: object(body) };
}

/** What answers each request. */
export type ControlHandlers = {
  [N in ControlName]: (body: ControlBody<N>) => ControlAnswer<N> | Promise<ControlAnswer<N>>;
};

/** The requests that are answered by a stream. */
export const STREAMS = {
  ...RECORDING_STREAMS,
  ...CONSENT_STREAMS,
  ...REPORT_STREAMS,
  ...PRIVACY_STREAMS,
} as const;
export type StreamName = keyof typeof STREAMS;
export type StreamBody<N extends StreamName> = Static<(typeof STREAMS)[N]['body']>;
export type StreamHead<N extends StreamName> = Static<(typeof STREAMS)[N]['head']>;
/** An answer whose bytes are in a `S`. */
export type Streamed<N extends StreamName, S> = { head: StreamHead<N>; stream: S };
/** What answers each; `gone` is aborted when the reader goes before there is an answer. */
export type StreamHandlers<S> = {
  [N in StreamName]: (body: StreamBody<N>, gone: AbortSignal) => Promise<Streamed<N, S>>;
};

/** The head of a streamed answer is in a header of this name: JSON, in characters that a header may have. */
export const HEAD_HEADER = 'x-tapedeck-head';
export const headText = (head: object): string => encodeURIComponent(JSON.stringify(head));
/** Returns what such a header says; null when that is nothing. */
export function headIn(text: string): unknown {
  try {
    return JSON.parse(decodeURIComponent(text));
  } catch {
    return null;
  }
}
