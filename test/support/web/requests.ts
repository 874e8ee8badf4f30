import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LightMyRequestResponse } from 'fastify';
import { Secret, TOTP } from 'otpauth';
import type { Test } from 'tap';
import { ulid } from 'ulid';
import { DAY_MS, digestOfShown } from '../../../daemon/domain/approval/approval.js';
import type { AuditAction } from '../../../daemon/domain/assurance/audit.js';
import { askedKinds } from '../../../daemon/domain/call/directive.js';
import { placeOf } from '../../../daemon/domain/paths.js';
import type { Proof } from '../../../daemon/domain/people/factor.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import { keptOlder, type Older, shownOlder } from '../../../daemon/domain/recording/older.js';
import { NO_ORGANISATION } from '../../../daemon/domain/report/processing.js';
import { createFactorSecrets } from '../../../daemon/vault/factor-secrets.js';
import { segment } from '../catalogue/opened.js';
import { certified } from '../certificates/in-dashboard.js';
import { flip } from '../recordings/sealed.js';
import { createAuthenticator } from './authenticator.js';
import { addRecording, aJob, type Dashboard, openDashboard, password, setUp, signInAs } from './dashboard.js';
import { createSigner } from './signer.js';

/** A dashboard in which every request below succeeds: anna, who may everything, ben beside her, and a call that was signed. */
export type House = {
  dashboard: Dashboard;
  anna: string;
  ben: string;
  call: string;
  /** Changes a byte of its recording. */
  damage: () => void;
};

/** What is sent to a route. */
export type Sent = {
  /** What stands for `:name` in the address: the call or ben, where it says nothing else. */
  names?: Record<string, string>;
  query?: string;
  body?: unknown;
  /** The cookies; left out, those of anna, who has just given her password. */
  cookie?: string;
  headers?: Record<string, string>;
};

export type Request = {
  /** What it writes into the audit log. */
  writes: AuditAction[];
  /** Makes ready whatever it needs, each time anew. */
  send: (house: House) => Sent | Promise<Sent>;
  /** How it is answered, where not with 200. */
  status?: number;
  /** What becomes of it while the log cannot be written; left out, it answers 503 and is not done. */
  unwritable?:
    | 'is shown, and written later'
    | 'is done, and written later'
    | 'goes on, and is written later'
    | 'leads back with the reason'
    | 'is damaged all the same';
  /** Tables in which it leaves a trace all the same: a try with a code counts, whatever comes of it. */
  leaves?: string[];
};

const HERE = { origin: 'http://localhost', host: 'localhost' };
const PLACE = { host: 'localhost', origin: 'http://localhost' };
const nothing = { scope: { all: false, extensions: [], queues: [], dids: [] }, extensions: [], grants: [] };
const other = 'five other unrelated quiet words';

const cookieFor = ({ dashboard, anna }: House, ...proofs: Proof[]) =>
  signInAs(dashboard, anna, ['password', ...proofs]);

/** Gives anna an authenticator app, and a code of it. */
async function withApp(
  { dashboard: { catalogue, clock, masterKey }, anna }: House,
  sinceMs = 0,
): Promise<string> {
  const secret = new Secret({ buffer: Uint8Array.from(randomBytes(20)).buffer });
  const secrets = createFactorSecrets(() => ({
    ...{ current: masterKey, next: null, reread: () => [masterKey] },
  }));
  const sealed = secrets.seal(anna, Buffer.from(secret.bytes));
  await catalogue.factors.saveTotp(anna, { sealed, addedAt: clock.ms - sinceMs, lastStep: 0 });
  return new TOTP({ secret }).generate({ timestamp: clock.ms });
}

/** Gives anna a passkey. */
async function withPasskey({ dashboard: { catalogue, clock }, anna }: House) {
  const key = createAuthenticator();
  await catalogue.factors.addPasskey({
    ...{ id: key.id, userId: anna, name: 'laptop', publicKey: key.publicKey, counter: 0, transports: [] },
    ...{ host: 'localhost', addedAt: clock.ms, usedAt: null },
  });
  return key;
}

/** What a route answers, as it has to be for another to be asked. */
async function asked(house: House, route: string, sent: Sent): Promise<LightMyRequestResponse> {
  const answer = await send(house, route, sent);
  if (answer.statusCode >= 300) throw new Error(`${route}: ${answer.statusCode} ${answer.body}`);
  return answer;
}

async function assertion(house: House, cookie: string) {
  const key = await withPasskey(house);
  const begun = await asked(house, 'POST /api/v1/session/passkey/options', {
    ...{ body: {}, cookie, headers: HERE },
  });
  return { response: key.sign(begun.json().options.challenge, PLACE, house.anna) };
}

async function playedBefore(house: House): Promise<string> {
  const cookie = await cookieFor(house);
  await asked(house, 'GET /api/v1/calls/:id/audio', { cookie });
  return cookie;
}

async function linkOf(house: House): Promise<string> {
  return (await asked(house, 'POST /api/v1/people/:id/invitation', {})).json().code;
}

const versionOf = async ({ dashboard, ben }: House) => (await dashboard.catalogue.people.get(ben))!.version;
const sessionOf = async ({ dashboard }: House, person: string) => {
  await signInAs(dashboard, person);
  return dashboard.store.sessions.of(person)[0]!.id;
};

const plain = (writes: AuditAction, sent: Sent = {}): Request[] => [{ writes: [writes], send: () => sent }];
const looks = (writes: AuditAction, query = ''): Request[] => [
  { writes: [writes], send: () => ({ query }), unwritable: 'is shown, and written later' },
];

/** The period of a report. */
const DAYS = 'from=2026-01-01&to=2026-01-31';

const SHOWN = { unwritable: 'is shown, and written later' } as const;

/** Asks for something of a list that is there already. */
const withList = (sent: Sent, writes: AuditAction = 'policy_change'): Request[] => [
  {
    writes: [writes],
    async send({ dashboard: { catalogue } }) {
      const list = { name: 'Listed', note: '', addedAt: 1, addedBy: 'anna' };
      await catalogue.lists.save(list);
      const number = { number: '030999999', note: '', until: null };
      await catalogue.lists.put(list.name, [number], 'anna', 1, true);
      return { names: { list: list.name }, ...sent };
    },
  },
];

/** Asks for something of an objection that was entered with a document. */
const PDF = Buffer.from('%PDF-1.7 signed').toString('base64');
const withConsent = (writes: AuditAction, body?: object): Request[] => [
  {
    writes: [writes],
    async send(house) {
      const given = { kind: 'objection', number: '0301234567', given: '2020-01-01', how: 'e-mail' };
      const made = await asked(house, 'POST /api/v1/consents', { body: { ...given, document: PDF } });
      return { names: { id: String(made.json().id) }, ...(body && { body }) };
    },
  },
];

/** What ben asks for, and anna can approve. */
async function askedBy({ dashboard: { catalogue, clock }, ben }: House) {
  const [askedAt, shown] = [clock.ms, { recordings: ['R1'] }];
  return catalogue.approvals.ask({
    ...{ id: ulid(), act: 'erase', object: 'by hand', digest: digestOfShown(shown), shown, reason: 'Asked.' },
    ...{ askedBy: { id: ben, name: 'ben' }, askedAt, expiresAt: askedAt + DAY_MS, notBefore: askedAt },
    alone: false,
  });
}

/** The recording of the call, which a newer version has taken the place of; it was kept. */
async function redacted({ dashboard: { catalogue, clock }, call }: House): Promise<Older> {
  const before = (await catalogue.calls.get(call))!.recording!;
  const versions = await catalogue.recordings.of(call);
  if (before.redaction) return keptOlder(versions, before.redaction.older);
  const place = placeOf(ulid(clock.ms), clock.ms);
  const stretches = [{ side: 'both' as const, fromMs: 0, untilMs: 100 }];
  const order = { older: before.id, olderKept: true, stretches, by: 'ben', reason: 'Card', at: clock.ms };
  await catalogue.recordings.redact({ ...place, ...order });
  const redaction = {
    ...{ ...order, olderPlainSha256: before.plainSha256, olderSealedSha256: before.sealedSha256 },
    olderManifestSha256: null,
  };
  await catalogue.recordings.redacted(
    { ...before, ...place, version: 2, redaction },
    Buffer.alloc(9),
    undefined,
  );
  return keptOlder(await catalogue.recordings.of(call), before.id);
}

/** The same, with the approval that anna may hear it. */
async function approvedOlder(house: House): Promise<string> {
  const { dashboard, anna } = house;
  const { catalogue, clock } = dashboard;
  const of = await redacted(house);
  const [id, shown, at] = [ulid(clock.ms), shownOlder(of), clock.ms];
  const digest = digestOfShown(shown);
  const second = { ...FOUNDER, id: ulid(), name: `Second person ${at}`, passwordHash: 'x', createdAt: at };
  await catalogue.people.add(second);
  await catalogue.approvals.ask({
    ...{ id, act: 'hear_older', object: of.older.id, digest, shown, reason: 'Dispute', alone: false },
    ...{ askedBy: { id: anna, name: 'anna' }, askedAt: at, expiresAt: at + DAY_MS, notBefore: at },
  });
  await catalogue.approvals.approve(id, { digest, by: { id: second.id, name: second.name }, at });
  return of.older.id;
}

/** Has the policy ask for a second person before anybody erases; returns its version. */
async function controlled({ dashboard: { catalogue, clock } }: House): Promise<number> {
  const { policy, version } = await catalogue.policy.newest();
  if (policy.approvals?.erase) return version;
  return catalogue.policy.save({ ...policy, approvals: { erase: true } }, 'ben', clock.ms, version);
}

/** A policy that turns two-person control off again, which anna has asked for and another person approved. */
async function approvedPolicy(house: House): Promise<string> {
  const { catalogue, clock } = house.dashboard;
  const body = { policy: defaultPolicy, based_on: await controlled(house), reason: 'One person is enough.' };
  const { id } = (await asked(house, 'POST /api/v1/policy/preview/approval', { body })).json();
  const { digest } = (await catalogue.approvals.get(id))!;
  const at = clock.ms;
  const second = { ...FOUNDER, id: ulid(), name: `Second person ${at}`, passwordHash: 'x', createdAt: at };
  await catalogue.people.add(second);
  await catalogue.approvals.approve(id, { digest, by: { id: second.id, name: second.name }, at });
  return id;
}

/** Approves it by a code of an app that anna has had for long. */
async function approving(house: House): Promise<Sent> {
  const { id, digest } = await askedBy(house);
  const code = await withApp(house, 8 * DAY_MS);
  const cookie = await cookieFor(house);
  const act = { kind: 'approving', object: `${id} ${digest}` };
  const proved = await asked(house, 'POST /api/v1/session/second-factor', { body: { code, act }, cookie });
  return {
    names: { id },
    body: { digest },
    cookie: `${proved.cookies[0]?.name}=${proved.cookies[0]?.value}`,
  };
}

/** What somebody asks for. */
const aRequest = {
  ...{ kind: 'access', name: 'Ann', contact: '', identity: 'Called back', numbers: ['030 123444'] },
  ...{ from: null, to: null, manner: 'email', received: '2026-07-20' },
};
const requestOf = async (house: House): Promise<string> =>
  (await asked(house, 'POST /api/v1/requests', { body: aRequest })).json().id;

/** Does something with a request of somebody. */
const withRequest = (sent: Sent, writes: AuditAction, more: Pick<Request, 'unwritable'> = {}): Request[] => [
  {
    ...{ writes: [writes], ...more },
    send: async (house) => ({ names: { id: await requestOf(house) }, ...sent }),
  },
];

/** Asks for what the other party said in the call, as its capture tells. */
async function ownSide(house: House): Promise<Sent> {
  const { catalogue } = house.dashboard;
  const { answeredAt } = (await catalogue.calls.get(house.call))!;
  const times = { inStartedAt: answeredAt, outStartedAt: answeredAt };
  await catalogue.segments.save(segment(house.call, 0, { ...times, legId: 'leg-1', state: 'preserved' }));
  return { names: { id: await requestOf(house), call: house.call } };
}

/** A matter without a query. */
const matterOf = async (house: House): Promise<string> =>
  (await asked(house, 'POST /api/v1/holds', { body: { name: `Matter ${ulid()}`, reason: 'Letter' } })).json()
    .id;

/** Asks for something of a matter without a query. */
const withMatter = (sent: Sent, writes: AuditAction, more: Pick<Request, 'unwritable'> = {}): Request[] => [
  {
    ...{ writes: [writes], ...more },
    async send(house) {
      const made = await asked(house, 'POST /api/v1/holds', {
        body: { name: `Matter ${matters++}`, reason: 'Letter' },
      });
      return { names: { id: String(made.json().id) }, ...sent };
    },
  },
];
let matters = 1;
/** Asks for something of a report that is sent by mail. */
const withMailing = (writes: AuditAction): Request[] => [
  {
    writes: [writes],
    async send(house) {
      const recipients = [{ person: house.anna, address: 'anna@hartley.example' }];
      const body = { report: 'storage', period: 'last_month', day: 3, attach: false, recipients };
      const made = await asked(house, 'POST /api/v1/reports/mailings', { body });
      const { id } = made.json();
      return { names: { id }, ...(writes === 'mailing_save' && { body }) };
    },
  },
];
/** Asks for something of a certificate of erasure. */
const withCertificate = (writes: AuditAction, more: Pick<Request, 'unwritable'> = {}): Request[] => [
  {
    ...{ writes: [writes], ...more },
    async send({ dashboard }) {
      await certified(dashboard);
      return { names: { number: '1' } };
    },
  },
];

/** Ends a session of the dashboard, which takes nothing from anybody: it is done at once. */
const ends = (writes: AuditAction, making: Request['send'] = () => ({})): Request[] => [
  { writes: [writes], send: making, unwritable: 'is done, and written later' },
];

/**
 * For every route that writes into the audit log, and everything that it may write, a request that does so. A route without
 * one fails `audit-web.test.ts`.
 */
export const requests: Record<string, Request[]> = {
  'POST /api/v1/session': plain('sign_in', { body: { name: 'anna', password }, cookie: '' }),
  'DELETE /api/v1/session': ends('sign_out'),
  'POST /api/v1/session/second-factor': [
    {
      writes: ['second_factor'],
      leaves: ['factor_tries'],
      send: async (house) => ({ body: { code: await withApp(house) }, cookie: await cookieFor(house) }),
    },
  ],
  'POST /api/v1/session/proof': plain('second_factor', {
    body: { password, act: { kind: 'tokens', object: '' } },
  }),
  'POST /api/v1/session/passkey': [
    {
      writes: ['sign_in'],
      send: async (house) => ({ body: await assertion(house, ''), cookie: '', headers: HERE }),
    },
    {
      writes: ['second_factor'],
      send: async (house) => {
        const cookie = await cookieFor(house);
        return { body: await assertion(house, cookie), cookie, headers: HERE };
      },
    },
  ],
  'GET /api/v1/session/provider/callback': [
    {
      writes: ['sign_in'],
      status: 303,
      unwritable: 'leads back with the reason',
      send: async (house) => {
        const begun = await asked(house, 'POST /api/v1/session/provider', {
          ...{ body: {}, cookie: '', headers: HERE },
        });
        const journey = begun.cookies.find(({ name }) => name === 'tapedeck_journey');
        return { query: 'code=x', cookie: `tapedeck_journey=${journey?.value}` };
      },
    },
  ],
  'POST /api/v1/setup': [
    {
      writes: ['person_add', 'sign_in'],
      send: async ({ dashboard: { setup } }) => ({
        body: { code: await setup.begin(), name: 'anna', password },
        cookie: '',
      }),
    },
  ],
  'POST /api/v1/welcome': [
    {
      writes: ['password_change'],
      send: async (house) => ({ body: { code: await linkOf(house), password: other }, cookie: '' }),
    },
  ],

  'POST /api/v1/account/password': plain('password_change', { body: { old: password, password: other } }),
  'DELETE /api/v1/account/sessions': ends('session_end', async (house) => {
    await sessionOf(house, house.anna);
    return {};
  }),
  'DELETE /api/v1/account/sessions/:id': ends('session_end', async (house) => ({
    names: { id: await sessionOf(house, house.anna) },
  })),
  'POST /api/v1/account/tokens': plain('token_add', { body: { name: 'reports', rights: ['oversee'] } }),
  'DELETE /api/v1/account/tokens/:id': [
    {
      writes: ['token_remove'],
      send: async (house) => {
        const made = await asked(house, 'POST /api/v1/account/tokens', {
          body: { name: 'reports', rights: ['oversee'] },
        });
        return { names: { id: made.json().token.id } };
      },
    },
  ],
  'PUT /api/v1/account/factors/totp': [
    {
      writes: ['second_factor'],
      send: async (house) => {
        const cookie = await cookieFor(house);
        const begun = await asked(house, 'POST /api/v1/account/factors/totp', { body: {}, cookie });
        const totp = new TOTP({ secret: Secret.fromBase32(begun.json().secret) });
        return { body: { code: totp.generate({ timestamp: house.dashboard.clock.ms }) }, cookie };
      },
    },
  ],
  'DELETE /api/v1/account/factors/totp': [
    {
      writes: ['second_factor'],
      send: async (house) => {
        await withApp(house);
        return { cookie: await cookieFor(house, 'totp') };
      },
    },
  ],
  'POST /api/v1/account/factors/passkeys': [
    {
      writes: ['second_factor'],
      send: async (house) => {
        const cookie = await cookieFor(house);
        const begun = await asked(house, 'POST /api/v1/account/factors/passkeys/options', {
          ...{ body: {}, cookie, headers: HERE },
        });
        const response = createAuthenticator().make(begun.json().options.challenge, PLACE);
        return { body: { name: 'laptop', response }, cookie, headers: HERE };
      },
    },
  ],
  'DELETE /api/v1/account/factors/passkeys/:id': [
    {
      writes: ['second_factor'],
      send: async (house) => ({
        names: { id: (await withPasskey(house)).id },
        cookie: await cookieFor(house, 'passkey'),
      }),
    },
  ],
  'POST /api/v1/account/factors/recovery-codes': [
    {
      writes: ['second_factor'],
      send: async (house) => {
        await withApp(house);
        return { body: {}, cookie: await cookieFor(house, 'totp') };
      },
    },
  ],

  'POST /api/v1/people': plain('person_add', { body: { name: 'Cleo', roles: ['auditor'], ...nothing } }),
  'PUT /api/v1/people/:id': [
    {
      writes: ['person_change'],
      send: async (house) => ({
        body: {
          ...{ name: 'ben', roles: ['auditor'], ...nothing, disabled: false },
          based_on: await versionOf(house),
        },
      }),
    },
  ],
  'DELETE /api/v1/people/:id': [
    {
      writes: ['person_remove'],
      send: async (house) => ({ query: `based_on=${await versionOf(house)}` }),
    },
  ],
  'POST /api/v1/people/:id/invitation': plain('person_change'),
  'DELETE /api/v1/people/:id/sessions': [
    {
      writes: ['session_end'],
      send: async (house) => {
        await sessionOf(house, house.ben);
        return {};
      },
    },
  ],
  'DELETE /api/v1/people/:id/sessions/:session': ends('session_end', async (house) => ({
    names: { session: await sessionOf(house, house.ben) },
  })),
  'PUT /api/v1/second-factor-roles': plain('policy_change', { body: { roles: ['auditor'] } }),
  'PUT /api/v1/policy': plain('policy_change', {
    body: { based_on: 0, policy: { ...defaultPolicy, emergency_numbers: ['112'] } },
  }),
  'POST /api/v1/policy/preview/approval': [
    {
      writes: ['approval_ask'],
      send: async (house) => ({
        body: { policy: defaultPolicy, based_on: await controlled(house), reason: 'One person is enough.' },
      }),
    },
  ],
  'POST /api/v1/approvals/:id/save': [
    {
      writes: ['approval_use', 'policy_change'],
      send: async (house) => ({ names: { id: await approvedPolicy(house) } }),
    },
  ],
  'POST /api/v1/policy/versions/:version/restore': plain('policy_change', {
    names: { version: '0' },
    body: { based_on: 0 },
  }),
  'POST /api/v1/lists': plain('policy_change', { body: { name: 'VIP' } }),
  'PUT /api/v1/lists/:list': withList({ body: { note: 'Board' } }),
  'POST /api/v1/lists/:list/numbers': withList({ body: { number: '0301234567' } }),
  'POST /api/v1/lists/:list/import': withList({ body: { csv: 'number\n0301234568', replace: true } }),
  'POST /api/v1/lists/:list/remove': withList({ body: { number: '030999999' } }),
  'DELETE /api/v1/lists/:list': withList({}),
  'GET /api/v1/lists/:list/numbers.csv': withList({}, 'export'),
  'POST /api/v1/consents': plain('consent_add', {
    body: { kind: 'objection', number: '0301234567', given: '2020-01-01', how: 'e-mail', document: PDF },
  }),
  'POST /api/v1/consents/import': plain('consent_add', {
    body: { csv: 'kind,number,given,how\nobjection,0301234567,2020-01-01,e-mail' },
  }),
  'POST /api/v1/consents/:id/erase': withConsent('consent_erase', { reason: 'Asked for' }),
  'POST /api/v1/consents/:id/withdraw': withConsent('consent_withdraw'),
  'GET /api/v1/consents/:id/document': withConsent('export'),
  'DELETE /api/v1/consents/:id/document': withConsent('consent_erase'),
  'GET /api/v1/consents.csv': plain('export'),
  'POST /api/v1/approvals/:id/approve': [{ writes: ['approval_give'], send: approving }],
  'POST /api/v1/approvals/:id/withdraw': [
    {
      writes: ['approval_withdraw'],
      send: async (house) => ({ names: { id: (await askedBy(house)).id } }),
    },
  ],
  'POST /api/v1/requests': plain('privacy_add', { body: aRequest }),
  'GET /api/v1/requests/:id/calls': withRequest({}, 'search', SHOWN),
  'POST /api/v1/requests/:id': withRequest({ body: { ...aRequest, name: 'Ann Other' } }, 'privacy_change'),
  'POST /api/v1/requests/:id/extension': withRequest({ body: { reason: 'Many' } }, 'privacy_extend'),
  'POST /api/v1/requests/:id/calls/:call': [
    {
      writes: ['privacy_exclude'],
      send: async (house) => ({
        names: { id: await requestOf(house), call: house.call },
        body: { reason: 'Shared line' },
      }),
    },
  ],
  'POST /api/v1/request-letters': plain('privacy_letter', {
    body: { letter: 'refusal', text: 'Dear {name}' },
  }),
  'POST /api/v1/requests/:id/bundle': withRequest(
    { body: { letter: 'refusal', text: 'Dear Ann' } },
    'export',
  ),
  'POST /api/v1/requests/:id/calls/:call/audio': [
    // Its recording is no sound: nothing of it can be silenced for sure.
    { writes: ['export'], status: 500, send: ownSide },
    {
      writes: ['damage'],
      status: 500,
      send: async (house) => {
        house.damage();
        return ownSide(house);
      },
    },
  ],
  'POST /api/v1/requests/:id/answer': withRequest(
    { body: { day: '2026-07-26', outcome: 'given', grounds: [], note: '' } },
    'privacy_close',
  ),
  'POST /api/v1/holds': plain('hold_open', { body: { name: 'Smith', reason: 'Letter' } }),
  'GET /api/v1/holds/:id/recordings': withMatter({}, 'search', SHOWN),
  'GET /api/v1/holds/:id/not-held': withMatter({}, 'search', SHOWN),
  'GET /api/v1/holds/:id/report.csv': withMatter({}, 'export'),
  'POST /api/v1/holds/:id/query': withMatter(
    { body: { query: { text: 'ada' }, reason: 'More' } },
    'hold_add',
  ),
  'POST /api/v1/holds/:id/recordings': [
    {
      writes: ['hold_add'],
      async send(house) {
        const recording = (await house.dashboard.catalogue.calls.get(house.call))!.recording!;
        return {
          names: { id: await matterOf(house) },
          body: { recordings: [recording.id], reason: 'Letter' },
        };
      },
    },
  ],
  'POST /api/v1/holds/:id/releases': withMatter({ body: { what: 'all', reason: 'Over' } }, 'approval_ask'),
  'POST /api/v1/holds/:id/releases/:approval': [
    {
      writes: ['hold_release'],
      async send(house) {
        const { catalogue, clock } = house.dashboard;
        const id = await matterOf(house);
        const body = { what: 'all', reason: 'Over' };
        const { approval } = (
          await asked(house, 'POST /api/v1/holds/:id/releases', { names: { id }, body })
        ).json();
        const { digest } = (await catalogue.approvals.get(approval))!;
        const by = {
          ...FOUNDER,
          id: ulid(),
          name: `Second ${ulid()}`,
          passwordHash: 'x',
          createdAt: clock.ms,
        };
        await catalogue.people.add(by);
        await catalogue.approvals.approve(approval, {
          digest,
          by: { id: by.id, name: by.name },
          at: clock.ms,
        });
        clock.ms += 25 * 3_600_000;
        return { names: { id, approval }, cookie: await cookieFor(house) };
      },
    },
  ],
  'POST /api/v1/prompts': plain('prompt_add', {
    body: {
      ...{ kind: 'announce', language: 'en', name: 'Ada', text: 'This call is recorded.' },
      audio: readFileSync(join(import.meta.dirname, '../../../prompts/en/announce.wav')).toString('base64'),
    },
  }),
  'PUT /api/v1/prompts/active': plain('prompt_activate', {
    body: { kind: 'announce', language: 'en', hash: null },
  }),
  'POST /api/v1/retention/run': plain('retention_run', { body: {} }),
  'POST /api/v1/recordings/erase': [
    {
      writes: ['erase'],
      send: async ({ call }) => ({ body: { calls: [call], reason: 'Asked for', confirm: 'erase 1' } }),
    },
  ],
  'POST /api/v1/recordings/:id/redact': [
    {
      writes: ['redact'],
      send: async ({ dashboard, call }) => ({
        names: { id: (await dashboard.catalogue.calls.get(call))!.recording!.id },
        body: {
          ...{ stretches: [{ side: 'both', from_ms: 0, until_ms: 100 }] },
          ...{ reason: 'Card number', older: 'destroy' },
        },
      }),
    },
  ],
  'POST /api/v1/recordings/:id/earlier/ask': [
    {
      writes: ['approval_ask'],
      send: async (house) => ({
        names: { id: (await redacted(house)).older.id },
        body: { reason: 'Dispute' },
      }),
    },
  ],
  'GET /api/v1/recordings/:id/earlier/audio': (['play', 'download'] as const).map((as) => ({
    writes: ['approval_use' as const, as],
    send: async (house: House) => ({
      names: { id: await approvedOlder(house) },
      query: as === 'play' ? '' : 'download=1',
    }),
  })),
  'POST /api/v1/recordings/:id/earlier/erase': [
    {
      writes: ['older_erase'],
      send: async (house) => ({
        names: { id: (await redacted(house)).older.id },
        body: { reason: 'Not needed' },
      }),
    },
  ],
  'POST /api/v1/recordings/check': plain('recordings_check', { body: {} }),
  'POST /api/v1/recordings/archive': plain('archive', { body: {} }),
  'DELETE /api/v1/jobs/:id': [
    {
      writes: ['job_cancel'],
      send: async ({ dashboard }) => {
        await dashboard.catalogue.jobs.add(aJob);
        return { names: { id: aJob.id } };
      },
    },
  ],

  ...Object.fromEntries(askedKinds.map((kind) => [`POST /api/v1/calls/:id/${kind}`, plain('direct')])),

  'GET /api/v1/calls': looks('search', 'q=example'),
  'GET /api/v1/calls/:id': looks('view'),
  'GET /api/v1/calls/:id/peaks': looks('view'),
  'GET /api/v1/calls/:id/audio': [
    ...plain('play'),
    ...plain('download', { query: 'download=1' }),
    {
      writes: ['heard'],
      unwritable: 'goes on, and is written later',
      send: async (house) => {
        const cookie = await playedBefore(house);
        await asked(house, 'POST /api/v1/calls/:id/heard', { body: { heard: [[0, 1000]] }, cookie });
        return { cookie };
      },
    },
    {
      writes: ['damage'],
      status: 500,
      send: async (house) => {
        house.damage();
        return {};
      },
    },
  ],
  'POST /api/v1/calls/:id/heard': [
    {
      writes: ['heard'],
      unwritable: 'goes on, and is written later',
      send: async (house) => ({ body: { heard: [[0, 1000]] }, cookie: await playedBefore(house) }),
    },
  ],
  'GET /api/v1/calls/:id/manifest': plain('export'),
  'POST /api/v1/calls/:id/evidence': [
    ...plain('export', { body: { reason: 'Court order 7' } }),
    {
      writes: ['damage'],
      status: 500,
      unwritable: 'is damaged all the same',
      send: async (house) => {
        house.damage();
        return { body: { reason: 'Court order 7' } };
      },
    },
  ],
  'GET /api/v1/audit': looks('report'),
  'GET /api/v1/audit.csv': plain('export'),
  'GET /api/v1/audit/checkpoint.txt': plain('export'),
  'GET /api/v1/quality': looks('report'),
  'GET /api/v1/retention': looks('report'),
  'GET /api/v1/retention.csv': plain('export'),
  'GET /api/v1/certificates': looks('report'),
  'GET /api/v1/certificates.csv': plain('export'),
  'GET /api/v1/certificates/:number': withCertificate('report', SHOWN),
  'GET /api/v1/certificates/:number/file': withCertificate('export'),
  'GET /api/v1/certificates/:number/pdf': withCertificate('export'),
  'GET /api/v1/reports/:report': plain('report', { names: { report: 'retention' }, query: DAYS }),
  'GET /api/v1/reports/:report/file': plain('export', {
    ...{ names: { report: 'disposal' }, query: `${DAYS}&format=csv` },
  }),
  'PUT /api/v1/reports/organisation': [
    {
      writes: ['organisation_change'],
      send: async () => ({ body: { ...NO_ORGANISATION, dpo: `Ann ${ulid()}` } }),
    },
  ],
  'POST /api/v1/reports/mailings': withMailing('mailing_save'),
  'PUT /api/v1/reports/mailings/:id': withMailing('mailing_save'),
  'DELETE /api/v1/reports/mailings/:id': withMailing('mailing_remove'),
  'POST /api/v1/reports/mailings/:id/send': withMailing('report_mail'),
  'GET /api/v1/consent-report': looks('report'),
  'GET /api/v1/consent-report.csv': plain('export'),
  'GET /api/v1/coverage': looks('report'),
  'GET /api/v1/coverage.csv': plain('export'),
};

/** Opens a house; an empty one has nobody in it and nothing else. */
export async function openHouse(t: Test, { empty = false } = {}): Promise<House> {
  const signer = createSigner();
  const dashboard = await openDashboard(t, {
    control: signer.control,
    recorder: signer.recorder,
    provider: {
      name: 'Example Co',
      rules: [{ group: 'recordings', roles: ['reviewer'], every_call: true }],
      // The real one is asked in provider.test.ts.
      oidc: {
        begin: async (redirectUri) => ({
          url: 'https://provider.example/',
          journey: { state: '', nonce: '', verifier: '', redirectUri },
        }),
        end: async () => ({
          ...{ subject: 'x carol', name: 'carol', groups: ['recordings'], extensions: [] },
          secondFactor: false,
        }),
      },
    },
    playing: { idleMs: 45_000, sweepMs: 10 },
  });
  const { app, catalogue, clock } = dashboard;
  await app.ready();
  if (empty) return { dashboard, anna: '', ben: '', call: '', damage: () => {} };
  signer.begin(dashboard);
  await setUp(dashboard);
  const { id: anna } = (await catalogue.people.byName('anna'))!;
  const ben = ulid();
  const passwordHash = `hash of ${password}`;
  await catalogue.people.add({ ...FOUNDER, id: ben, name: 'ben', passwordHash, createdAt: clock.ms });
  const made = await addRecording(dashboard, randomBytes(90_000));
  await signer.sign(made);
  await signer.checkpoint();
  const whole = readFileSync(made.path);
  return { dashboard, anna, ben, call: made.call.id, damage: () => flip(made.path, whole, 400) };
}

/** Sends one of the requests above. */
export async function send(house: House, route: string, sent: Sent): Promise<LightMyRequestResponse> {
  const [method, path] = route.split(' ') as ['GET', string];
  const { body, query, headers, cookie = await cookieFor(house) } = sent;
  const names: Record<string, string> = {
    id: path.includes('/people/') ? house.ben : house.call,
    ...sent.names,
  };
  const url = path.replace(/:(\w+)/g, (_, name) => encodeURIComponent(names[name]!));
  return house.dashboard.app.inject({
    method,
    url: query ? `${url}?${query}` : url,
    headers: {
      'x-tapedeck': '1',
      ...(cookie && { cookie }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { payload: JSON.stringify(body) }),
  });
}
