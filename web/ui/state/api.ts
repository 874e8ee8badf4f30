import type { Static } from 'typebox';
import type { AskedView } from '../../../daemon/domain/operations/job.js';
import type { Act } from '../../../daemon/domain/people/act.js';
import type { When } from '../../../daemon/domain/policy/conditions.js';
import type { KeepRule, Policy, RecordRule } from '../../../daemon/domain/policy/policy.js';
import type { Limit, RetentionRule } from '../../../daemon/domain/retention/rule.js';
import type {
  AuditEntryView,
  AuditPage as AuditPageSchema,
  AuditQuery,
  AuditStateView,
} from '../../audit/schemas.js';
import type {
  CallDetail,
  CallPage as CallPageSchema,
  CallQuery as CallQuerySchema,
  CallSummary,
  EarlierVersionsView,
  PeaksView,
  RecordingView,
  RedactBody,
  RedactedView,
} from '../../calls/schemas.js';
import type { ConsentQuery as ConsentQuerySchema, ConsentView } from '../../consent/schemas.js';
import type { CoverageQuery as CoverageQuerySchema, CoverageView } from '../../coverage/schemas.js';
import type { BriefStatusView, StatusView, UpgradeView } from '../../health/schemas.js';
import type { PolicyTestBody, PolicyTestView, PolicyView } from '../../policy/schemas.js';
import type { QualityQuery, QualityTrendsView } from '../../quality/schemas.js';
import type { ErrorView, PartyView } from '../../server/schemas.js';
import type {
  FactorRoles as FactorRolesSchema,
  FactorsView,
  NewFactorView,
  ProviderView,
  RecoveryCodesView,
  TotpView,
  WebAuthnOptions,
} from '../../sign-in/factor-schemas.js';
import type { SessionView } from '../../sign-in/session-schemas.js';
import type * as Prompting from '../../telling/schemas.js';
import type { Schema } from '../reference/schema-type.js';
import { forPerson, personHeader } from './opened-for.js';

export type {
  Act,
  AuditQuery,
  CallDetail,
  CallSummary,
  KeepRule,
  Limit,
  Policy,
  RecordRule,
  RetentionRule,
  When,
};
export type AuditEntry = Static<typeof AuditEntryView>;
export type AuditPage = Static<typeof AuditPageSchema>;
export type AuditState = Static<typeof AuditStateView>;
export type DirectiveKind = Exclude<CallDetail['directives'][number]['kind'], 'stop' | 'undo'>;
export type CallPage = Static<typeof CallPageSchema>;
export type CallQuery = Static<typeof CallQuerySchema>;
export type Party = Static<typeof PartyView>;
export type Redacted = Static<typeof RedactedView>;
export type Earlier = Static<typeof EarlierVersionsView>;
export type Recording = Static<typeof RecordingView>;
export type Peaks = Static<typeof PeaksView>;
export type Session = Static<typeof SessionView>;
/** What every page gets; the health page asks for all of it. */
export type Status = Static<typeof BriefStatusView>;
export type FullStatus = Static<typeof StatusView>;
export type Job = FullStatus['jobs'][number];
export type VersionedPolicy = Static<typeof PolicyView>;
export type PolicyTest = Static<typeof PolicyTestBody>;
export type PolicyVerdict = Static<typeof PolicyTestView>;
export type TellingFacts = Static<typeof Prompting.TellingView>;
export type Prompts = Static<typeof Prompting.PromptsView>['prompts'];
export type Trends = Static<typeof QualityTrendsView>;
export type EarTrend = Trends['extensions'][number];
export type Consent = Static<typeof ConsentView>;
export type ConsentQuery = Static<typeof ConsentQuerySchema>;
export type Coverage = Static<typeof CoverageView>;
export type CoverageCall = Coverage['calls'][number];
export type CoverageQuery = Static<typeof CoverageQuerySchema>;
export type Factors = Static<typeof FactorsView>;
export type TotpToAdd = Static<typeof TotpView>;
export type FactorRole = Static<typeof FactorRolesSchema>['roles'][number];
/** The description of the API, as far as the page that shows it reads it. */
export type Operation = {
  tags: string[];
  summary: string;
  description?: string;
  security?: Record<string, unknown>[];
  parameters?: { name: string; required?: boolean; description?: string; schema: Schema }[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>;
};
export type Reference = {
  info: { description: string };
  paths: Record<string, Record<string, Operation>>;
};
type ErrorBody = Static<typeof ErrorView>['error'];

const base = '/api/v1';

/** What the API answered when it did not do what was asked; `code` is `unreachable` when nothing answered. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string;
  readonly detail: string;
  readonly requestId: string;
  /** For what a proof is wanted, with `proof_needed`. */
  readonly act: Act | null;

  constructor(status: number, body: Partial<ErrorBody>) {
    super(body.message ?? '');
    this.status = status;
    this.code = body.code ?? (status === 0 ? 'unreachable' : 'unexpected');
    this.hint = body.hint ?? '';
    this.detail = body.detail ?? '';
    this.requestId = body.request_id ?? '';
    this.act = body.act ?? null;
  }
}

/**
 * Called when a request finds that the session is over or owes a second factor (`lost`), is somebody else's (`other`), or that
 * the server cannot read anything at the moment (`away`).
 */
export const onSession = { lost: () => {}, other: () => {}, away: (_why: ApiError) => {} };

/** What the server answers while it waits for the recorder's catalogue. */
const AWAY = ['catalogue_missing', 'catalogue_away', 'catalogue_older', 'catalogue_newer'];
export const isAway = (problem: unknown): problem is ApiError =>
  problem instanceof ApiError && AWAY.includes(problem.code);

/** What the server refuses, after whoever has to know of it was told. */
async function refusal(response: Response): Promise<ApiError> {
  const error = new ApiError(response.status, await errorBody(response));
  if (error.code === 'person_changed') onSession.other();
  if (error.status === 401 && error.code !== 'sign_in_failed') onSession.lost();
  if (error.code === 'second_factor_needed') onSession.lost();
  if (isAway(error)) onSession.away(error);
  return error;
}

/** While somebody signs out, requests under way are ended and new ones wait: the server would refuse them. */
let reads = new AbortController();
let staying: Promise<void> | null = null;

/** Signs out. Afterwards every read waits forever, so the page has to start over. Throws `ApiError`; then reads go on. */
async function leave(): Promise<void> {
  let stay = () => {};
  staying = new Promise((resolve) => {
    stay = resolve;
  });
  reads.abort();
  reads = new AbortController();
  try {
    await ask<unknown>('DELETE', '/session');
  } catch (problem) {
    staying = null;
    stay();
    throw problem;
  }
}

/** Asks the API; throws `ApiError`. */
export async function ask<T>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
  more: Record<string, string> = {},
): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json', ...personHeader(), ...more };
  if (method !== 'GET') headers['x-tapedeck'] = '1';
  if (body !== undefined) headers['content-type'] = 'application/json';
  const reading = method === 'GET';
  // Otherwise it is on its way before the caller goes on.
  if (reading && staying) await staying;
  const { signal: left } = reads;
  let response: Response;
  try {
    response = await fetch(base + path, {
      method,
      headers,
      signal: reading ? AbortSignal.any([left, ...(signal ? [signal] : [])]) : (signal ?? null),
      body: body === undefined ? null : JSON.stringify(body),
    });
    // Awaited here: a read that is ended may have its headers already.
    if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  } catch (cause) {
    if (signal?.aborted) throw cause;
    if (reading && left.aborted) return ask(method, path, body, signal, more);
    throw new ApiError(0, {});
  }
  throw await refusal(response);
}

async function errorBody(response: Response): Promise<Partial<ErrorBody>> {
  try {
    return ((await response.json()) as { error?: ErrorBody }).error ?? {};
  } catch {
    return { detail: `HTTP ${response.status} ${response.statusText}` };
  }
}

function paramsOf(query: Record<string, unknown>): URLSearchParams {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query))
    if (value !== undefined && value !== '') params.set(key, `${value}`);
  return params;
}

/** Asked for by the page itself: no sign of life of the person before it, and no look at anything new. */
export const byItself = (background: boolean): Record<string, string> =>
  background ? { 'x-tapedeck-background': '1' } : {};

const call = (id: string) => `/calls/${encodeURIComponent(id)}`;

export const api = {
  upgrade: () => ask<Static<typeof UpgradeView>>('GET', '/upgrade', undefined, undefined, byItself(true)),
  session: (background = false) =>
    ask<Session>('GET', '/session', undefined, undefined, byItself(background)),
  signIn: (name: string, password: string) => ask<Session>('POST', '/session', { name, password }),
  signOut: leave,
  /** Without an `act`: what begins a session, or what it owes. */
  passkeyOptions: (act?: Act) =>
    ask<Static<typeof WebAuthnOptions>>('POST', '/session/passkey/options', { act }),
  passkey: (response: unknown, act?: Act) => ask<Session>('POST', '/session/passkey', { response, act }),
  secondFactor: (code: string, act?: Act) => ask<Session>('POST', '/session/second-factor', { code, act }),
  prove: (password: string, act: Act) => ask<Session>('POST', '/session/proof', { password, act }),
  toProvider: () => ask<Static<typeof ProviderView>>('POST', '/session/provider', {}),
  factors: () => ask<Factors>('GET', '/account/factors'),
  beginTotp: () => ask<TotpToAdd>('POST', '/account/factors/totp', {}),
  confirmTotp: (code: string) => ask<Static<typeof NewFactorView>>('PUT', '/account/factors/totp', { code }),
  removeTotp: () => ask<unknown>('DELETE', '/account/factors/totp'),
  passkeyToAdd: () => ask<Static<typeof WebAuthnOptions>>('POST', '/account/factors/passkeys/options', {}),
  addPasskey: (name: string, response: unknown) =>
    ask<Static<typeof NewFactorView>>('POST', '/account/factors/passkeys', { name, response }),
  removePasskey: (id: string) =>
    ask<unknown>('DELETE', `/account/factors/passkeys/${encodeURIComponent(id)}`),
  newRecoveryCodes: () =>
    ask<Static<typeof RecoveryCodesView>>('POST', '/account/factors/recovery-codes', {}),
  factorRoles: () => ask<Static<typeof FactorRolesSchema>>('GET', '/second-factor-roles'),
  setFactorRoles: (roles: FactorRole[]) =>
    ask<Static<typeof FactorRolesSchema>>('PUT', '/second-factor-roles', { roles }),
  setUp: (code: string, name: string, password: string, hears: boolean) =>
    ask<Session>('POST', '/setup', { code, name, password, hears }),
  calls(query: CallQuery, signal?: AbortSignal, background = false) {
    return ask<CallPage>('GET', `/calls?${paramsOf(query)}`, undefined, signal, byItself(background));
  },
  coverage: (query: CoverageQuery, signal?: AbortSignal, background = false) =>
    ask<Coverage>('GET', `/coverage?${paramsOf(query)}`, undefined, signal, byItself(background)),
  consent: (query: ConsentQuery, signal?: AbortSignal) =>
    ask<Consent>('GET', `/consent-report?${paramsOf(query)}`, undefined, signal),
  call: (id: string, background = false) =>
    ask<CallDetail>('GET', call(id), undefined, undefined, byItself(background)),
  audit: (query: AuditQuery, background: boolean) =>
    ask<AuditPage>('GET', `/audit?${paramsOf(query)}`, undefined, undefined, byItself(background)),
  auditState: () => ask<AuditState>('GET', '/audit/state', undefined, undefined, byItself(true)),
  peaks: (id: string) => ask<Peaks>('GET', `${call(id)}/peaks`),
  /** Says why a call is heard or taken away. */
  listen: (id: string, right: 'play' | 'download', reason: string) =>
    ask<unknown>('POST', `${call(id)}/listen`, { right, reason }),
  /** Says this about the recording of a call that goes on. */
  direct: (id: string, kind: DirectiveKind | 'undo') => ask<unknown>('POST', `${call(id)}/${kind}`),
  policy: () => ask<VersionedPolicy>('GET', '/policy'),
  savePolicy: (basedOn: number, policy: Policy, noEmergencyNumbers = false, apply: object = {}) =>
    ask<VersionedPolicy>('PUT', '/policy', {
      ...{ based_on: basedOn, policy, ...apply },
      ...(noEmergencyNumbers && { confirm_no_emergency_numbers: true }),
    }),
  testPolicy: (test: PolicyTest) => ask<PolicyVerdict>('POST', '/policy/test', test),
  telling: () => ask<TellingFacts>('GET', '/telling'),
  prompts: () => ask<Static<typeof Prompting.PromptsView>>('GET', '/prompts'),
  addPrompt: (prompt: Static<typeof Prompting.PromptBody>) =>
    ask<Static<typeof Prompting.PromptAdded>>('POST', '/prompts', prompt),
  speak: (words: Static<typeof Prompting.SpeechBody>) =>
    ask<Static<typeof Prompting.Spoken>>('POST', '/prompts/speech', words),
  /** `hash` null: the one that Tapedeck comes with. */
  usePrompt: (kind: Prompts[number]['kind'], language: Prompts[number]['language'], hash: string | null) =>
    ask<Static<typeof Prompting.ActivePromptBody>>('PUT', '/prompts/active', { kind, language, hash }),
  reference: () => ask<Reference>('GET', '/openapi.json'),
  quality: (asked: Static<typeof QualityQuery>, background = false) =>
    ask<Trends>('GET', `/quality?${paramsOf(asked)}`, undefined, undefined, byItself(background)),
  versions: (id: string) => ask<Earlier>('GET', `/calls/${encodeURIComponent(id)}/versions`),
  askEarlier: (id: string, reason: string) =>
    ask<object>('POST', `/recordings/${encodeURIComponent(id)}/earlier/ask`, { reason }),
  eraseEarlier: (id: string, reason: string) =>
    ask<object>('POST', `/recordings/${encodeURIComponent(id)}/earlier/erase`, { reason }),
  redact: (id: string, body: Static<typeof RedactBody>) =>
    ask<Redacted>('POST', `/recordings/${encodeURIComponent(id)}/redact`, body),
  checkRecordings: () => ask<AskedView>('POST', '/recordings/check'),
  cancelJob: (id: string) => ask<Job>('DELETE', `/jobs/${encodeURIComponent(id)}`),
  /** Asked for again and again by itself, which must not keep a session from ending. */
  status: () => ask<FullStatus>('GET', '/status', undefined, undefined, byItself(true)),
};

/** Has a file made, and gives it with its name. */
export async function made(path: string, body: object): Promise<{ file: Blob; name: string }> {
  const response = await fetch(`${base}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-tapedeck': '1', ...personHeader() },
    body: JSON.stringify(body),
  }).catch(() => null);
  if (!response?.ok) throw response ? await refusal(response) : new ApiError(0, {});
  const file = await response.blob().catch(() => {
    throw new ApiError(0, {});
  });
  const [, name = 'file'] =
    /filename="([\w.-]+)"/.exec(response.headers.get('content-disposition') ?? '') ?? [];
  return { file, name };
}
export const evidencePack = (id: string, reason: string, recording?: string) =>
  made(`${call(id)}/evidence`, { reason, recording });

/** What has sounded, for the audit log. Also while the page goes away; nobody waits for the answer. */
export async function tellHeard(id: string, heard: [number, number][]): Promise<void> {
  await fetch(`${base}${call(id)}/heard`, {
    method: 'POST',
    keepalive: true,
    headers: { 'content-type': 'application/json', 'x-tapedeck': '1', ...personHeader(), ...byItself(true) },
    body: JSON.stringify({ heard }),
  }).catch(() => {});
}

export const auditCsv = (query: AuditQuery) => forPerson(`${base}/audit.csv?${paramsOf(query)}`);
export const checkpointUrl = () => forPerson(`${base}/audit/checkpoint.txt`);
export const liveUrl = () => forPerson(`${base}/live`);
export const audioUrl = (id: string) => forPerson(`${base}${call(id)}/audio`);
export const downloadUrl = (id: string) => forPerson(`${base}${call(id)}/audio?download=1`);

/** Asks for the first byte of a recording, to learn in words why the browser could not play it. */
export async function audioProblem(id: string): Promise<ApiError | null> {
  try {
    const response = await fetch(audioUrl(id), {
      headers: { range: 'bytes=0-0', accept: 'application/json' },
    });
    if (response.ok) return null;
    return await refusal(response);
  } catch {
    return new ApiError(0, {});
  }
}
