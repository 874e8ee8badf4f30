import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import type { Test } from 'tap';
import { ulid } from 'ulid';
import type { Catalogue, StoredCall } from '../../../daemon/catalogue/catalogue.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { fail } from '../../../daemon/domain/error.js';
import type { ControlHandlers, ControlName } from '../../../daemon/domain/operations/control.js';
import { jobView, newJob } from '../../../daemon/domain/operations/job.js';
import { downStatus } from '../../../daemon/domain/operations/status.js';
import { catalogueFile, keysFile, recordingPath } from '../../../daemon/domain/paths.js';
import type { Proof } from '../../../daemon/domain/people/factor.js';
import { encodePeaks, type Peaks } from '../../../daemon/domain/recording/peaks.js';
import type { CallRecord, Coverage, Recording } from '../../../daemon/domain/recording/recording.js';
import { createFactorSecrets } from '../../../daemon/vault/factor-secrets.js';
import { createKeys, type Keys } from '../../../daemon/vault/keys.js';
import { openSealed } from '../../../daemon/vault/open.js';
import { sealStream } from '../../../daemon/vault/seal.js';
import { buildApp, type Deps } from '../../../web/app.js';
import { hashed, newToken } from '../../../web/auth/secrets.js';
import type { Ask } from '../../../web/server/ask.js';
import type { Control } from '../../../web/server/control.js';
import { openSound } from '../requests/sound.js';
import { noted } from '../words.js';

/** 26 July 2026, 08:00 UTC: where the clock of a dashboard under test begins. */
export const START = Date.UTC(2026, 6, 26, 8);

/** The one job that the recorder of a dashboard under test knows. */
export const aJob = newJob('01JDK3V7Q8ZM5T4R2XW9YB6C1E', 'recordings_check', {}, START);

export type Dashboard = Awaited<ReturnType<typeof openDashboard>>;

/**
 * A dashboard on a real catalogue and real keys in a directory of the test's own, with a clock to be turned by hand.
 * Passwords are kept as they are (argon2 has a test of its own), and every look at one is counted.
 */
export async function openDashboard(
  t: Test,
  {
    control,
    keys: ownKeys,
    ...overrides
  }: Partial<Omit<Deps, 'control'>> & { control?: Partial<Control>; keys?: Pick<Keys, 'identity'> } = {},
) {
  const { dataDir, uiDir } = { ...housed(t, overrides), ...overrides };
  const clock = { ms: START };
  const verified: string[] = [];
  const lines: string[] = [];
  const catalogue = createSqliteCatalogue({ path: catalogueFile(dataDir) });
  await catalogue.start();
  const masterKey = randomBytes(32);
  const keys = createKeys({ path: keysFile(dataDir), masterKey });
  keys.start();
  const factorSecrets = createFactorSecrets(() => ({
    current: masterKey,
    next: null,
    reread: () => [masterKey],
  }));
  const house = {
    ...{ catalogue: overrides.catalogue ?? catalogue, keys: ownKeys ?? keys, dataDir },
    clock: () => clock.ms,
    signing: {
      key: async () => (await control?.checkpoints?.())?.key.id ?? '',
      sign: async () => (await control?.signCheckpoint?.()) ?? '',
    },
  };
  const recorder = openSound(house);
  const asked: { name: ControlName; body: unknown }[] = [];
  const { app, setup, routes } = await buildApp({
    catalogue,
    ask: (async (name: ControlName, body: never) => {
      asked.push({ name, body });
      const handle = (recorder.sound as Partial<ControlHandlers>)[name];
      if (!handle) throw fail('daemon_unreachable', `${name} is not asked for here.`);
      return (handle as (body: never) => unknown)(body);
    }) as Ask,
    askStream: (name, body, gone = new AbortController().signal) =>
      recorder.evidence.handlers[name](body, gone),
    openSealed,
    passwords: {
      hashPassword: async (password) => `hash of ${password}`,
      verifyPassword: async (hash, password) => {
        verified.push(hash);
        return hash === `hash of ${password}`;
      },
      checkPassword: () => {},
    },
    factorSecrets,
    directory: null,
    provider: null,
    control: {
      status: async () => ({
        daemon: 'up',
        ...downStatus('', ''),
        health: { level: 'green', problems: [] },
        pbx: { ari: true, ami: true, version: '22.10.1', problem: null },
        calls_now: 1,
        recording_now: 1,
      }),
      metrics: async () => '# TYPE tapedeck_calls_now gauge\ntapedeck_calls_now 1\n',
      runRetention: async () => ({ erased: 0, failed: 0, left: 0 }),
      checkRecordings: async () => ({ job: jobView(aJob), already: false }),
      async cancelJob(id) {
        if (id !== aJob.id) throw fail('job_unknown', id);
        return jobView({ ...aJob, state: 'cancelled', endedAt: START });
      },
      takePass: async () => false,
      checkpoints: async () => null,
      signCheckpoint: async () => '',
      ...control,
    },
    dataDir,
    uiDir,
    site: { name: 'Test', timeZone: 'Europe/Berlin', region: 'DE' },
    web: { address: '127.0.0.1', hosts: ['tapedeck.office.lan'] },
    tls: null,
    retention: { schedule: '15 3 * * *', breakerPercent: 20 },
    coverage: { targetPercent: 99.9 },
    metrics: { allow: ['127.0.0.1'], token: () => null },
    version: '0.0.0-test',
    log: pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) }),
    now: () => clock.ms,
    ...overrides,
  });
  t.teardown(async () => {
    await app.close();
    keys.stop();
    await catalogue.stop();
  });
  return {
    recorder,
    asked,
    app,
    setup,
    routes,
    catalogue,
    keys,
    masterKey,
    factorSecrets,
    clock,
    dataDir,
    verified,
    lines,
  };
}

/** Two folders of the test's own, which lie in each other; none where both are given. */
function housed(t: Test, given: { dataDir?: string; uiDir?: string }): { dataDir: string; uiDir: string } {
  if (given.dataDir !== undefined && given.uiDir !== undefined) return { dataDir: '', uiDir: '' };
  const dataDir = t.testdir({
    ui: {
      'index.html': '<!doctype html><title>Tapedeck</title>',
      assets: { 'index-abc123.js': 'export {};' },
    },
    'secret.txt': 'outside of the pages',
  });
  return { dataDir, uiDir: join(dataDir, 'ui') };
}

export const cookieOf = (response: LightMyRequestResponse): string => {
  // Over TLS its name has a prefix.
  const cookie = response.cookies.find(({ name }) => name.endsWith('tapedeck_session'));
  return `${cookie?.name ?? 'tapedeck_session'}=${cookie?.value ?? ''}`;
};

export const password = 'four unrelated quiet words';

/** Makes the first user by the set-up code, and gives the cookie. */
export async function setUp({ app, setup }: Dashboard, name = 'anna'): Promise<string> {
  const response = await post(app, '/setup', { code: await setup.begin(), name, password });
  if (response.statusCode !== 200) throw new Error(response.body);
  return cookieOf(response);
}

/** Begins a session for somebody who was added to the catalogue, and gives its cookie. */
export async function signInAs(
  { catalogue, clock }: Pick<Dashboard, 'catalogue' | 'clock'>,
  userId: string,
  proofs: Proof[] = ['password'],
): Promise<string> {
  const token = newToken();
  const at = clock.ms;
  await catalogue.addSession({
    ...{ id: ulid(), tokenHash: hashed(token), userId, address: '127.0.0.1', agent: '' },
    ...{ createdAt: at, seenAt: at, expiresAt: at + 12 * 3_600_000 },
    ...{ proofs, provedAt: at, failed: { count: 0, lastAt: null } },
  });
  return `tapedeck_session=${token}`;
}

export const post = (
  app: Dashboard['app'],
  path: string,
  payload: unknown,
  headers: Record<string, string> = {},
  more: InjectOptions = {},
) =>
  app.inject({
    method: 'POST',
    url: `/api/v1${path}`,
    headers: { 'x-tapedeck': '1', 'content-type': 'application/json', ...headers },
    payload: JSON.stringify(payload),
    ...more,
  });

export const get = (app: Dashboard['app'], path: string, cookie?: string, headers = {}) =>
  app.inject({ url: `/api/v1${path}`, headers: { ...(cookie ? { cookie } : {}), ...headers } });

/** A finished call of three minutes from outside, written to the catalogue. */
export async function addCall(catalogue: Catalogue, change: Partial<CallRecord> = {}): Promise<CallRecord> {
  const startedAt = change.startedAt ?? START - 600_000;
  const call: CallRecord = {
    id: ulid(startedAt),
    linkedids: ['1.1'],
    direction: 'in',
    startedAt,
    answeredAt: startedAt + 5000,
    endedAt: startedAt + 185_000,
    outcome: 'answered',
    them: { number: '+4930123444', name: 'Example GmbH', ours: false },
    us: { number: '201', name: 'Anna', ours: true },
    dialled: '201',
    did: '+4930999',
    queue: '',
    legs: [
      {
        id: 'leg-1',
        party: { number: '+4930123444', name: 'Example GmbH', ours: false },
        endpoint: 'trunk',
        seenAt: startedAt,
        upAt: startedAt + 5000,
        goneAt: startedAt + 185_000,
      },
    ],
    marks: [{ atMs: 60_000, untilMs: 70_000, kind: 'hold', text: '', legId: null }],
    consultFor: null,
    test: false,
    ...change,
  };
  await catalogue.saveCall(call);
  return call;
}

/** A call with a sealed recording of these bytes, which need not be audio where nobody decodes them. */
export async function addRecording(
  { catalogue, keys, dataDir }: Pick<Dashboard, 'catalogue' | 'keys' | 'dataDir'>,
  bytes: Buffer,
  change: {
    call?: Partial<CallRecord>;
    recording?: Partial<Recording>;
    peaks?: Peaks;
    coverage?: Partial<Coverage>;
  } = {},
): Promise<{ call: StoredCall; recording: Recording; path: string }> {
  const call = await addCall(catalogue, change.call);
  const id = ulid(call.startedAt);
  const place = recordingPath(id, call.startedAt);
  const dir = dirname(join(dataDir, place));
  mkdirSync(dir, { recursive: true });
  const { recipient } = await keys.create(id);
  const sealed = await sealStream(Readable.from([bytes]), { recipient, dir, name: basename(place) });
  const recording: Recording = {
    id,
    callId: call.id,
    state: 'sealed',
    durationMs: 180_000,
    plainBytes: sealed.plainBytes,
    sealedBytes: sealed.sealedBytes,
    plainSha256: sealed.plainSha256,
    sealedSha256: sealed.sealedSha256,
    file: place,
    sealedAt: call.endedAt! + 3000,
    leftDb: -20,
    rightDb: -21,
    gaps: [],
    quality: null,
    keepUntil: null,
    keepRule: null,
    keepWhy: noted('No rule fits; it is kept for ever by default.'),
    erasedAt: null,
    eraseWhy: null,
    ...change.recording,
  };
  const [left, right] = [Uint8Array.of(0, 128, 255), Uint8Array.of(3, 2, 1)];
  const peaks = change.peaks ?? { perSecond: 10, durationMs: 180_000, left, right };
  await catalogue.recordingSealed(recording, encodePeaks(peaks), {
    ...{ status: 'recorded', why: null, rule: null, missingMs: 0 },
    ...change.coverage,
  });
  return { call: (await catalogue.call(call.id))!, recording, path: join(dataDir, recording.file) };
}

/** Changes one byte of a file. */
export function flip(path: string, bytes: Buffer, at: number): void {
  const changed = Buffer.from(bytes);
  changed[at]! ^= 1;
  writeFileSync(path, changed);
}
