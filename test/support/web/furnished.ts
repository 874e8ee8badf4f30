import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { StoredCall } from '../../../daemon/catalogue/stored-call.js';
import type { NamedPbx } from '../../../daemon/domain/place.js';
import type { Policy } from '../../../daemon/domain/policy/policy.js';
import type { NewStanding, StandingDocument } from '../../../daemon/domain/policy/standing/standing.js';
import { connectControl } from '../../../daemon/ops/control-client.js';
import type { Ask } from '../../../web/server/ask.js';
import { createControl } from '../../../web/server/control.js';
import { type Dashboard, openDashboard, signInAs } from './dashboard.js';
import { fillHolds } from './furnished/holds.js';
import { fillMailings } from './furnished/mailings.js';
import { fillTold, ledgerOf } from './furnished/told.js';
import { hostileCalls, type OfficeCalls, officeCalls, yearOfCalls } from './furnished-calls.js';
import { addEverybody, addPerson, type PersonId, proofsOf } from './furnished-people.js';
import { fillAudit, fillLedger } from './furnished-proof.js';
import { createRecorder, type RecorderPeer, wellWith } from './recorder-peer.js';

/**
 * What a catalogue is furnished with. `office`: a call of each kind, people of every role, rules, entries, CDRs, gaps and
 * what is due. `year`: three hundred calls instead, with more entries. `hostile`: names that were made to do harm. `empty`:
 * Anna, and not a call. `new`: nobody yet.
 */
export type Kind = 'office' | 'year' | 'hostile' | 'empty' | 'new';

export type House = {
  kind: Kind;
  dashboard: Dashboard;
  recorder: RecorderPeer;
  url: string;
  /** When it was furnished, in ms since 1970. */
  now: number;
  /** Newest first. */
  calls: readonly StoredCall[];
  /** The calls of the office by what they are. Throws in another house. */
  readonly office: OfficeCalls;
  /** Begins a session for one of the people, and gives its cookie. */
  signIn(person: PersonId): Promise<string>;
};

export const rules: Policy = {
  record: [
    {
      name: 'Works council',
      reason: 'Agreed with the works council on 3 March 2025.',
      when: { extension: ['134'] },
      outcome: 'skip',
    },
    {
      name: 'Internal calls',
      reason: 'Nobody needs them.',
      when: { direction: ['internal'] },
      outcome: 'skip',
    },
  ],
  retention: [
    {
      name: 'Orders',
      reason: 'Proof of orders taken by phone, six years (tax law).',
      when: { queue: ['orders'] },
      keep_days: 2190,
    },
    {
      name: 'Everything else',
      reason: 'Quality and complaints; longer is not needed.',
      when: {},
      keep_days: 90,
    },
  ],
  emergency_numbers: ['112', '911', '999'],
};

const BREAKER = 20;
const HOSTILE = '<img src=x onerror="window.pwned=1">\u202egnp.exe';

/**
 * The real dashboard, listening, on a real catalogue with real keys and recordings, beside a recorder that is well. `now`: the
 * clock of both, in ms since 1970.
 */
export async function openFurnished(
  t: Test,
  { uiDir }: { uiDir: string },
  kind: Kind = 'office',
  { now: clock = Date.now, ...more }: { now?: () => number; pbxes?: readonly NamedPbx[] } = {},
): Promise<House> {
  // Short enough for a socket in it.
  const dataDir = mkdtempSync(join(tmpdir(), 'tapedeck-ui-'));
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }));
  const hostile = kind === 'hostile';
  const recorder = createRecorder({ breakerPercent: BREAKER });
  const connection = connectControl(dataDir);
  t.teardown(connection.stop);
  const overSocket = connection.ask as Ask;
  const dashboard = await openDashboard(t, {
    ...{ uiDir, dataDir, now: clock, recorder: recorder.half },
    ...{ ask: overSocket, askStream: connection.askStream },
    control: createControl(overSocket),
    site: {
      name: hostile ? 'A company with a remarkably long name, Ltd & Co' : 'Hartley Joinery',
      ...{ timeZone: 'Europe/London', region: 'GB' },
    },
    retention: {
      schedule: '30 3 * * *',
      breakerPercent: BREAKER,
      breakerCount: 10_000,
      whenFull: ['archive', 'erase'],
      archiveAfterDays: 30,
    },
    live: { pollMs: 100, reachMs: 100 },
    playing: { idleMs: 600, sweepMs: 50 },
    ...more,
  });
  await recorder.start(dashboard);
  t.teardown(() => recorder.stop());
  const now = Date.now();
  const furnishing = { dashboard, recorder, now };
  const { calls, office } = await furnish(kind, furnishing);
  const url = await dashboard.app.listen({ host: '127.0.0.1', port: 0 });
  return {
    ...{ kind, ...furnishing, url, calls },
    get office(): OfficeCalls {
      if (!office) throw new Error(`${kind} is not the office`);
      return office;
    },
    signIn: (person) =>
      // In the empty house nobody has a second factor.
      signInAs(dashboard, person, kind === 'empty' ? ['password'] : proofsOf(person)),
  };
}

type Furnishing = { dashboard: Dashboard; recorder: RecorderPeer; now: number };

async function furnish(
  kind: Kind,
  furnishing: Furnishing,
): Promise<{ calls: StoredCall[]; office: OfficeCalls | null }> {
  const { dashboard, recorder, now } = furnishing;
  const { catalogue } = dashboard;
  if (kind === 'new') return { calls: [], office: null };
  if (kind === 'empty') {
    await addPerson(furnishing, 'anna');
    return { calls: [], office: null };
  }
  await addEverybody(furnishing, kind === 'hostile');
  await catalogue.policy.save(rules, 'Anna Berg', now - 9e8, 0);
  await fillLists(furnishing, kind === 'hostile');
  await fillConsents(furnishing, kind === 'hostile');
  const office = kind === 'office' ? await officeCalls(furnishing) : null;
  if (office) await fillTold(dashboard, office);
  const made = kind === 'year' ? yearOfCalls : hostileCalls;
  const calls = office ? Object.values(office) : await made(furnishing);
  if (kind === 'hostile')
    for (const call of calls.filter(({ recording }) => recording))
      await ledgerOf(dashboard, call, {
        ...{ rule: HOSTILE, wanted: 'announce_refusal' },
        played: [{ from: 100, until: 4_100, heardBy: ['us'], found: { found: false, excused: false } }],
        answers: [{ kind: 'decline', how: 'button', who: HOSTILE, at: 9_000 }],
      });
  if (kind === 'hostile') await fillHolds(dashboard, HOSTILE);
  await fillMailings(dashboard, kind === 'hostile' ? HOSTILE : 'mailbox unavailable');
  await fillLedger(furnishing, calls);
  await fillAudit(
    furnishing,
    calls,
    kind === 'hostile' ? { hostile: HOSTILE } : { heard: kind === 'year' ? 130 : 0 },
  );
  await recorder.signs();
  recorder.keepsCheckpoints([
    { channel: 'checkpoint file', target: '/mnt/safe/tapedeck-checkpoints', ...sent(now) },
    {
      ...{ channel: 'checkpoint syslog', target: 'logs.office.lan:6514', ...sent(now), waiting: 3 },
      failingSince: now - 7_000_000,
      problem: 'logs.office.lan:6514: connect ECONNREFUSED 192.168.1.9:6514',
    },
    { channel: 'checkpoint mail', target: 'auditor@office.lan', ...sent(now) },
  ]);
  recorder.says(wellWith(liveOf(calls)));
  return { calls: calls.toSorted((a, b) => b.startedAt - a.startedAt), office };
}

const sent = (now: number) => ({
  ...{ waiting: 0, lastSentAt: now - 900_000, failingSince: null, problem: '' },
});

async function fillLists({ dashboard: { catalogue }, now }: Furnishing, hostile: boolean): Promise<void> {
  const name = hostile ? '<img src=x onerror="window.pwned=1">\u202eexe' : 'VIP';
  const note = hostile ? '=HYPERLINK("http://x")\u202e'.padEnd(200, 'x') : 'Agreed with the board';
  const by = { addedAt: now - 8e8, addedBy: 'Anna Berg' };
  await catalogue.lists.save({ name, note, ...by });
  await catalogue.lists.save({ name: 'Do not record', note: '', ...by });
  const numbers = ['+44 20 7946 0123', '020 7946 0999', '116123'].map((number, i) => ({
    ...{ number, note: i === 0 ? note : '', until: i === 1 ? now + 60 * 864e5 : null },
  }));
  await catalogue.lists.put(name, numbers, 'Anna Berg', now - 7e8, false);
}

async function fillConsents({ dashboard: { catalogue }, now }: Furnishing, hostile: boolean): Promise<void> {
  const bad = '<img src=x onerror="window.pwned=1">\u202eexe';
  const day = 864e5;
  const entry = (
    kind: 'consent' | 'objection',
    number: string,
    more: Partial<NewStanding> = {},
  ): NewStanding => ({
    ...{ kind, number, contact: hostile ? bad : 'Ann Example', extensions: [], queues: [] },
    ...{ givenAt: now - 90 * day, how: hostile ? bad.padEnd(200, 'x') : 'Contract of 3 May', until: null },
    ...more,
  });
  const by = hostile ? bad.slice(0, 40) : 'Anna Berg';
  const document: StandingDocument = {
    ...{ id: '01ARZ3NDEKTSV4RRFFQ69G5FAV', type: 'application/pdf', bytes: 182_000, sha256: 'c'.repeat(64) },
    ...{ addedAt: now - 80 * day, erasedAt: null, erasedBy: '' },
  };
  const { consents } = catalogue;
  await consents.add([entry('objection', '+44 20 7946 0123')], by, now - 80 * day, null);
  const scoped = { extensions: ['101', '102'], queues: [hostile ? bad : 'support'], until: now + 60 * day };
  await consents.add([entry('consent', '020 7946 0999', scoped)], by, now - 80 * day, document);
  const erased = { ...document, id: '01ARZ3NDEKTSV4RRFFQ69G5FAW', erasedAt: now - day, erasedBy: by };
  const [gone] = await consents.add([entry('consent', '+44 161 496 0000')], by, now - 70 * day, erased);
  await consents.withdraw(gone!.id, by, now - 5 * day);
  await consents.add(
    [entry('objection', '116123', { until: now - day, contact: '' })],
    by,
    now - 60 * day,
    null,
  );
}

/** Calls that go on, as the recorder tells of them. */
export const liveOf = (calls: readonly StoredCall[]): Parameters<typeof wellWith>[0] =>
  calls
    .filter((call) => call.endedAt === null)
    .map(({ id, pbx, direction, them, us, startedAt, answeredAt }) => ({
      ...{ id, pbx, direction, them, us, since: new Date(startedAt).toISOString() },
      answered_at: answeredAt === null ? null : new Date(answeredAt).toISOString(),
      ...{ recorded: true, why: 'No rule excludes it.' },
    }));
