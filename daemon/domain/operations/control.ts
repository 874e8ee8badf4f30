import { type Static, type TObject, type TSchema, Type } from 'typebox';
import { type Measures, testOutcomes } from '../call/test-call.js';
import { type TestFault, testFaults } from '../call/test-fault.js';
import { orNull } from '../reason/coded.js';
import { AskedView, JobView } from './job.js';
import { DaemonStatus } from './status.js';

/**
 * The requests that the recorder answers over its control sockets: one contract for both sides. The recorder checks each
 * request, the client each answer. Durations are in ms.
 */

type Request<B extends TObject = TObject, A extends TSchema = TSchema> = {
  method: 'GET' | 'POST';
  path: string;
  /** `owner`: only over the socket that nobody but the recorder's own user can open. */
  socket: 'shared' | 'owner';
  body: B;
  answer: A;
  /** How long the client waits for the answer. */
  timeoutMs: number;
};

const SOON_MS = 5_000;
/** The audit log may have to be followed from its beginning. */
const SIGN_MS = 120_000;
/** A run destroys keys and files one by one. */
const ERASE_MS = 3_600_000;
/** Each channel has half a minute. */
const ALERT_MS = 60_000;
/** The call, its recording, and the tries of making it. */
const TEST_CALL_MS = 180_000;

const Text = (maxLength: number, minLength = 0) => Type.String({ minLength, maxLength });
const NOTHING = Type.Object({});

const get = <A extends TSchema>(path: string, answer: A): Request<typeof NOTHING, A> => ({
  ...{ method: 'GET', path, socket: 'shared', body: NOTHING, answer, timeoutMs: SOON_MS },
});
const post = <B extends TObject, A extends TSchema>(
  path: string,
  body: B,
  answer: A,
  { timeoutMs = SOON_MS, socket = 'shared' }: Partial<Pick<Request, 'timeoutMs' | 'socket'>> = {},
): Request<B, A> => ({ method: 'POST', path, socket, body, answer, timeoutMs });

const RetentionRun = Type.Object({ erased: Type.Integer(), failed: Type.Integer(), left: Type.Integer() });

/** What a channel did with a test message. */
const Outcome = Type.Object({
  channel: Type.String(),
  target: Type.String(),
  ok: Type.Boolean(),
  detail: Type.String(),
});

const TestCall = Type.Object({
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
  status: get('/status', DaemonStatus),
  /** Prometheus' text format. */
  metrics: get('/metrics', Type.String()),
  /** What the kernel lets this process dump. */
  core_limit: get('/core-limit', Type.Object({ limit: CoreLimit })),
  test_alerts: post('/alerts/test', NOTHING, Type.Array(Outcome), { timeoutMs: ALERT_MS }),
  /** Erases what is due; `confirm` where the safety limit asks for it. */
  run_retention: post('/retention/run', Type.Object({ confirm: Type.Optional(Text(80)) }), RetentionRun, {
    timeoutMs: ERASE_MS,
  }),
  /** Starts a check of all recordings. Returns the job, and whether it was already waiting or running. */
  check_recordings: post('/recordings/check', NOTHING, AskedView),
  /** Returns the cancelled job. */
  cancel_job: post('/jobs/cancel', Type.Object({ id: Text(40) }), JobView),
  run_test_call: post('/test-call/run', NOTHING, TestCall, { timeoutMs: TEST_CALL_MS }),
  /** Whether this pass opens the recording of this call, once. */
  take_pass: post(
    '/test-call/pass',
    Type.Object({ pass: Text(40), call: Text(40) }),
    Type.Object({ good: Type.Boolean() }),
  ),
  checkpoints: get('/audit/checkpoints', Checkpoints),
  sign_checkpoint: post('/audit/checkpoint', NOTHING, Signed, { timeoutMs: SIGN_MS }),
  /** From here on the log as it is now is the one that is signed, by this user of the machine. */
  accept_log: post('/audit/accept', Type.Object({ by: Text(80, 1), reason: Text(300, 1) }), Signed, {
    timeoutMs: SIGN_MS,
    socket: 'owner',
  }),
} as const;

export type ControlName = keyof typeof CONTROL;
export type ControlBody<N extends ControlName> = Static<(typeof CONTROL)[N]['body']>;
export type ControlAnswer<N extends ControlName> = Static<(typeof CONTROL)[N]['answer']>;
/** What answers each request. */
export type ControlHandlers = {
  [N in ControlName]: (body: ControlBody<N>) => ControlAnswer<N> | Promise<ControlAnswer<N>>;
};
