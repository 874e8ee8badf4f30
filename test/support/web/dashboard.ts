import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import type { Test } from 'tap';
import { ulid } from 'ulid';
import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { createSqliteReader } from '../../../daemon/catalogue/sqlite/reading/reader.js';
import type { StoredCall } from '../../../daemon/catalogue/stored-call.js';
import { fail } from '../../../daemon/domain/error.js';
import type { ControlHandlers, ControlName } from '../../../daemon/domain/operations/control.js';
import { newJob } from '../../../daemon/domain/operations/job.js';
import { downStatus } from '../../../daemon/domain/operations/status.js';
import { catalogueFile, keysFile, recordingPath, webFile } from '../../../daemon/domain/paths.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import type { GroupRule } from '../../../daemon/domain/people/directory.js';
import type { Proof } from '../../../daemon/domain/people/factor.js';
import { encodePeaks, type Peaks } from '../../../daemon/domain/recording/peaks.js';
import type { CallRecord, Coverage, Recording } from '../../../daemon/domain/recording/recording.js';
import { hashed, newToken } from '../../../daemon/ops/secrets/codes.js';
import { createRequests, type RequestsDeps } from '../../../daemon/requests/requests.js';
import { createFactorSecrets } from '../../../daemon/vault/factor-secrets.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { type OpenSealed, openSealed } from '../../../daemon/vault/open.js';
import { knownOf } from '../../../daemon/vault/register.js';
import { sealStream } from '../../../daemon/vault/seal.js';
import { createDiskStore } from '../../../daemon/vault/store/disk.js';
import { openRecordings } from '../../../daemon/vault/store/tiers.js';
import { buildApp, type Deps } from '../../../web/app.js';
import type { WithProvider } from '../../../web/deps.js';
import type { Control } from '../../../web/server/control.js';
import { openStore } from '../../../web/store/store.js';
import { freshCatalogue } from '../catalogue/fresh.js';
import { promptsIn } from '../recordings/prompts-in.js';
import { retainOf, retentionSettings } from '../recordings/retaining.js';
import { mailsNothing } from '../reports/mails-nothing.js';
import { asker } from '../requests/asking.js';
import { numbersIn } from '../requests/in-memory.js';
import { proveAll } from '../requests/prove-all.js';
import { noted } from '../words.js';

/** 26 July 2026, 08:00 UTC: where the clock of a dashboard under test begins. */
export const START = Date.UTC(2026, 6, 26, 8);

/** The one job that the recorder of a dashboard under test knows. */
export const aJob = newJob('01JDK3V7Q8ZM5T4R2XW9YB6C1E', 'recordings_check', {}, START);

export type Dashboard = Awaited<ReturnType<typeof openDashboard>>;

type Given = Partial<Omit<Deps, 'control' | 'directory' | 'provider' | 'openSealed'>> & {
  /** Watches a recording that the dashboard has opened. */
  watchSealed?: (sealed: OpenSealed) => OpenSealed;
  /** The directory of the archive. */
  archive?: string;
  control?: Partial<Control>;
  /** With what groups make somebody, which the recorder is told. */
  directory?: (NonNullable<Deps['directory']> & { rules: readonly GroupRule[] }) | null;
  provider?: (WithProvider & { rules: readonly GroupRule[] }) | null;
  /** What the recorder's half is made of, where it is not what others have. */
  recorder?: Partial<RequestsDeps>;
  /** Answers to requests, in place of the recorder's own. */
  requests?: Partial<ControlHandlers>;
};

/**
 * A dashboard on a real catalogue and real keys in a directory of the test's own, with a clock to be turned by hand, and the
 * recorder's half of what it asks for. Passwords are kept as they are (argon2 has a test of its own), and every look at one is
 * counted. `catalogue` is the recorder's, which writes; the dashboard only reads.
 */
export async function openDashboard(t: Test, given: Given = {}) {
  const { control, directory = null, provider = null, recorder, requests, ...more } = given;
  const { watchSealed = (sealed: OpenSealed) => sealed, archive = '', ...overrides } = more;
  const { dataDir, uiDir } = { ...housed(t, overrides), ...overrides };
  const clock = { ms: START };
  const now = overrides.now ?? (() => clock.ms);
  const [verified, lines]: [string[], string[]] = [[], []];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(catalogueFile(dataDir)) });
  await catalogue.start();
  const reader = createSqliteReader({ path: catalogueFile(dataDir) });
  await reader.start();
  const recordings = openRecordings({ dataDir, archive, owner: catalogue.audit.id });
  const store = openStore({ path: webFile(dataDir), log });
  const masterKey = randomBytes(32);
  const keys = createKeys({ path: keysFile(dataDir), masterKey });
  keys.start();
  const factorSecrets = createFactorSecrets(() => ({
    current: masterKey,
    next: null,
    reread: () => [masterKey],
  }));
  const passwords = {
    hashPassword: async (password: string) => `hash of ${password}`,
    verifyPassword: async (hash: string, password: string) => {
      verified.push(hash);
      return hash === `hash of ${password}`;
    },
    checkPassword: () => {},
    ...overrides.passwords,
  };
  const half = createRequests({
    ...{ catalogue, factorSecrets, dataDir, clock: now, mint: ulid },
    ...numbersIn(catalogue, { region: overrides.site?.region ?? 'DE', clock: now, dataDir, keys }),
    passwords: {
      verifyPassword: async (hash, given) => hash === `hash of ${given}`,
      isPasswordHash: () => true,
      ...overrides.passwords,
    },
    rules: { ldap: directory?.rules ?? [], oidc: provider?.rules ?? [] },
    ...{ passes: { take: () => false }, direct: async () => {}, ...promptsIn(dataDir) },
    identity: keys.identity,
    registered: async ({ id }) => knownOf(keys.register(), id),
    examine: async (recording) => {
      const found = await recordings.hash(recording);
      return found?.sha256 === recording.sealedSha256 ? null : 'The file is not as it was sealed.';
    },
    ...{ signer: () => '', sign: async () => ({ note: '' }), alarms: { raise: () => {} } },
    textSigner: async () => ({ keyId: '', sha256: '', publicKey: '', sign: () => '' }),
    retain: retainOf(),
    eraseVersion: async () => {},
    ...{ holding: { work: () => {} }, deadlines: { look: async () => {} }, coolOffMs: 86_400_000 },
    ...{ mailings: mailsNothing(catalogue), mailOn: true, facts: { recipients: [], measures: [] } },
    redactor: { redact: async ({ older }) => (await catalogue.recordings.get(older))! },
    jobs: {
      ask: async () => ({ job: aJob, already: false }),
      async cancel(id) {
        if (id !== aJob.id) throw fail('job_unknown', id);
        return { ...aJob, state: 'cancelled', endedAt: START };
      },
    },
    site: { name: 'Test', timeZone: 'Europe/Berlin', region: 'DE' },
    version: '0.0.0-test',
    ...recorder,
  });
  const handlers = { ...half.handlers, ...requests };
  const asked: { name: ControlName; body: unknown }[] = [];
  const asking = asker(handlers, half.streams, (name, body) => asked.push({ name, body }));
  const { app, setup, routes } = await buildApp({
    catalogue: reader,
    ...{ store, passwords },
    openSealed: async (...given) => watchSealed(await openSealed(recordings, ...given)),
    ...asking,
    directory,
    provider,
    control: {
      status: async () => ({
        daemon: 'up',
        ...downStatus('', ''),
        health: { level: 'green', problems: [] },
        pbxes: [
          {
            ...{ id: '', name: 'PBX', ari: true, ami: true, version: '22.10.1', problem: null },
            ...{ calls_now: 1, recording_now: 1, last_event_at: null, test_call: null },
            captures: { begun: 1, failed: 0, failed_lately: 0 },
          },
        ],
        calls_now: 1,
        recording_now: 1,
      }),
      metrics: async () => '# TYPE tapedeck_calls_now gauge\ntapedeck_calls_now 1\n',
      checkpoints: async () => null,
      signCheckpoint: async () => '',
      ...control,
    },
    ...{ dataDir, uiDir, helpDir: join(dataDir, 'no-help') },
    site: { name: 'Test', timeZone: 'Europe/Berlin', region: 'DE' },
    pbxes: [{ id: FIRST, name: 'PBX' }],
    web: { address: '127.0.0.1', hosts: ['tapedeck.office.lan'] },
    tls: null,
    retention: retentionSettings,
    coverage: { targetPercent: 99.9 },
    mailOn: true,
    metrics: { allow: ['127.0.0.1'], token: () => null },
    version: '0.0.0-test',
    log,
    now,
    ...overrides,
    passwords,
  });
  t.teardown(async () => {
    await app.close();
    half.stop();
    keys.stop();
    store.close();
    await reader.stop();
    await catalogue.stop();
  });
  return {
    ...{ app, setup, routes, catalogue, store, keys, masterKey, factorSecrets, clock, now, dataDir },
    ...{ verified, lines, asked, ask: asking.ask, handlers, streams: half.streams, proofs: half.proofs },
    toMail: half.toMail,
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

/** Makes the first user by the set-up code, and gives the cookie. The recorder has their proof for every kind of act. */
export async function setUp(dashboard: Dashboard, name = 'anna'): Promise<string> {
  const { app, setup } = dashboard;
  const response = await post(app, '/setup', { code: await setup.begin(), name, password });
  if (response.statusCode !== 200) throw new Error(response.body);
  const cookie = cookieOf(response);
  proveAll(dashboard, cookie);
  return cookie;
}

/** Begins a session for somebody who was added to the catalogue, and gives its cookie. The recorder has seen the proofs, for every kind of act. */
export async function signInAs(
  { catalogue, store, proofs: seen, now }: Pick<Dashboard, 'catalogue' | 'store' | 'proofs' | 'now'>,
  userId: string,
  proofs: Proof[] = ['password'],
): Promise<string> {
  const token = newToken();
  const id = ulid();
  const at = now();
  const { epoch, gains } = (await catalogue.people.standing(userId))!;
  store.sessions.add(
    {
      ...{ id, tokenHash: hashed(token), userId, epoch, gains, address: '127.0.0.1', agent: '' },
      ...{ createdAt: at, seenAt: at, expiresAt: at + 12 * 3_600_000 },
      ...{ proofs, provedAt: at, failed: { count: 0, lastAt: null } },
    },
    null,
  );
  for (const proof of proofs) seen.add(id, { id: userId, epoch }, proof, null);
  const cookie = `tapedeck_session=${token}`;
  proveAll({ store, proofs: seen, now }, cookie, proofs);
  return cookie;
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
    pbx: FIRST,
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
    facts: { account: '', variables: {}, called: [], sent: false, originated: false },
    test: false,
    ...change,
  };
  await catalogue.calls.save(call);
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
  const { recipient } = await keys.create(id);
  const sealed = await sealStream(createDiskStore(dataDir), { id, file: place }, Readable.from([bytes]), {
    recipient,
  });
  const recording: Recording = {
    ...{ id, callId: call.id, of: id, version: 1 },
    ...{ state: 'sealed', tier: 'hot', file: place, durationMs: 180_000 },
    ...{ plainBytes: sealed.plainBytes, sealedBytes: sealed.sealedBytes },
    ...{ plainSha256: sealed.plainSha256, sealedSha256: sealed.sealedSha256 },
    sealedAt: call.endedAt! + 3000,
    ...{ leftDb: -20, rightDb: -21 },
    gaps: [],
    masks: [],
    quality: null,
    ...{ keepUntil: null, keepRule: null, minUntil: null, keepVersion: null, keepFrom: null },
    keepWhy: noted('No rule fits; it is kept for ever by default.'),
    erasedAt: null,
    eraseWhy: null,
    redaction: null,
    supersededBy: null,
    ...change.recording,
  };
  const [left, right] = [Uint8Array.of(0, 128, 255), Uint8Array.of(3, 2, 1)];
  const peaks = change.peaks ?? { perSecond: 10, durationMs: 180_000, left, right };
  await catalogue.recordings.sealed(recording, encodePeaks(peaks), {
    ...{ status: 'recorded', why: null, rule: null, missingMs: 0 },
    ...change.coverage,
  });
  return { call: (await catalogue.calls.get(call.id))!, recording, path: join(dataDir, recording.file) };
}
