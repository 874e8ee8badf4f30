import type { Static } from 'typebox';
import type { Policy, RecordRule, RetentionRule, When } from '../../daemon/domain/policy.js';
import type {
  CallDetail,
  CallPage as CallPageSchema,
  CallQuery as CallQuerySchema,
  CallSummary,
  ErrorView,
  PartyView,
  PeaksView,
  PolicyTestBody,
  PolicyTestView,
  PolicyView,
  RecordingView,
  RetentionRunView,
  RetentionView,
  SessionView,
  StatusView,
} from '../schemas.js';

export type { CallDetail, CallSummary, Policy, RecordRule, RetentionRule, When };
export type CallPage = Static<typeof CallPageSchema>;
export type CallQuery = Static<typeof CallQuerySchema>;
export type Party = Static<typeof PartyView>;
export type Recording = Static<typeof RecordingView>;
export type Peaks = Static<typeof PeaksView>;
export type Session = Static<typeof SessionView>;
export type Status = Static<typeof StatusView>;
export type VersionedPolicy = Static<typeof PolicyView>;
export type PolicyTest = Static<typeof PolicyTestBody>;
export type PolicyVerdict = Static<typeof PolicyTestView>;
export type Retention = Static<typeof RetentionView>;
export type RetentionItem = Retention['due'][number];
export type RetentionRun = Static<typeof RetentionRunView>;
type ErrorBody = Static<typeof ErrorView>['error'];

export const base = '/api/v1';

/** What the API answered when it did not do what was asked; `code` is `unreachable` when nothing answered. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string;
  readonly detail: string;
  readonly requestId: string;

  constructor(status: number, body: Partial<ErrorBody>) {
    super(body.message ?? '');
    this.status = status;
    this.code = body.code ?? (status === 0 ? 'unreachable' : 'unexpected');
    this.hint = body.hint ?? '';
    this.detail = body.detail ?? '';
    this.requestId = body.request_id ?? '';
  }
}

/** Called when a request finds that the session is over. */
export const sessionLost: { heard: () => void } = { heard: () => {} };

async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (method !== 'GET') headers['x-tapedeck'] = '1';
  if (body !== undefined) headers['content-type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(base + path, {
      method,
      headers,
      signal: signal ?? null,
      body: body === undefined ? null : JSON.stringify(body),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError(0, {});
  }
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  const error = new ApiError(response.status, await errorBody(response));
  if (error.status === 401 && error.code !== 'sign_in_failed') sessionLost.heard();
  throw error;
}

async function errorBody(response: Response): Promise<Partial<ErrorBody>> {
  try {
    return ((await response.json()) as { error?: ErrorBody }).error ?? {};
  } catch {
    return { detail: `HTTP ${response.status} ${response.statusText}` };
  }
}

const call = (id: string) => `/calls/${encodeURIComponent(id)}`;

export const api = {
  session: () => ask<Session>('GET', '/session'),
  signIn: (name: string, password: string) => ask<Session>('POST', '/session', { name, password }),
  signOut: () => ask<unknown>('DELETE', '/session'),
  setUp: (code: string, name: string, password: string) =>
    ask<Session>('POST', '/setup', { code, name, password }),
  calls(query: CallQuery, signal?: AbortSignal) {
    const params = new URLSearchParams();
    for (const [key, value] of Object.entries(query))
      if (value !== undefined && value !== '') params.set(key, `${value}`);
    return ask<CallPage>('GET', `/calls?${params}`, undefined, signal);
  },
  call: (id: string) => ask<CallDetail>('GET', call(id)),
  peaks: (id: string) => ask<Peaks>('GET', `${call(id)}/peaks`),
  policy: () => ask<VersionedPolicy>('GET', '/policy'),
  savePolicy: (basedOn: number, policy: Policy) =>
    ask<VersionedPolicy>('PUT', '/policy', { based_on: basedOn, policy }),
  testPolicy: (test: PolicyTest) => ask<PolicyVerdict>('POST', '/policy/test', test),
  retention: () => ask<Retention>('GET', '/retention'),
  runRetention: (confirm?: string) => ask<RetentionRun>('POST', '/retention/run', confirm ? { confirm } : {}),
  status: () => ask<Status>('GET', '/status'),
};

export const audioUrl = (id: string) => `${base}${call(id)}/audio`;
export const downloadUrl = (id: string) => `${base}${call(id)}/audio?download=1`;

/** Asks for the first byte of a recording, to learn in words why the browser could not play it. */
export async function audioProblem(id: string): Promise<ApiError | null> {
  try {
    const response = await fetch(audioUrl(id), {
      headers: { range: 'bytes=0-0', accept: 'application/json' },
    });
    if (response.ok) return null;
    if (response.status === 401) sessionLost.heard();
    return new ApiError(response.status, await errorBody(response));
  } catch {
    return new ApiError(0, {});
  }
}
