import { askedKinds } from '../../../daemon/domain/call/directive.js';
import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import { NO_ORGANISATION } from '../../../daemon/domain/report/processing.js';
import { password } from './dashboard.js';

/**
 * Who may use which route on what: the table that `test/web/access/reach-routes.test.ts` asks a real dashboard about. Each route has a row,
 * each row a status for each who asks, in this order:
 *
 * - stranger   nobody is signed in
 * - nobody     somebody without a role
 * - admin      runs the box, hears nothing
 * - queue      reviews the queue "support"
 * - extension  reviews the extension 101, may download
 * - exporter   reviews the extension 101, may export
 * - agent      is 102, who came into `shared` by a transfer
 * - auditor    hears with a reason, which they have not given here
 * - founder    admin and reviewer of all
 */
export const askers = [
  'stranger',
  'nobody',
  'admin',
  'queue',
  'extension',
  'exporter',
  'agent',
  'auditor',
  'founder',
] as const;
export type Asker = (typeof askers)[number];

/**
 * Which call it is asked of, where the address has one:
 *
 * - shared     101 was on it, and from its middle on 102; recorded
 * - whole      101 was on it from its beginning to its end; recorded
 * - foreign    103 was on it, by way of the queue "support"; recorded
 * - erased     as `shared`, but its recording was erased
 * - bare       as `shared`, but it was not recorded
 * - test       a test call of Tapedeck's own
 * - unknown    an id that no call has
 * - nonsense   what is no id
 */
export const kinds = ['shared', 'whole', 'foreign', 'erased', 'bare', 'test', 'unknown', 'nonsense'] as const;
export type Kind = (typeof kinds)[number];

/** Whose person, session, token or passkey it is asked of, where the address has one: nobody's, another's, or one's own. */
export const whose = ['unknown', 'other', 'own'] as const;
export type Whose = (typeof whose)[number];

/** The rights of API tokens of the founder's, each of which asks for every row. */
export const tokens = [
  ...['oversee', 'audit', 'view', 'play', 'download', 'export', 'direct'],
  ...['view direct', 'oversee view', 'view play', 'view play download', 'view export'],
] as const;

/** A row: the statuses, or those for each kind of call or thing; and what is sent, where the route wants something. */
export type Row = {
  is: string | Record<Kind, string> | Record<Whose, string>;
  /** Where it is a function, it is given the id of the person in the address. */
  send?: unknown;
  /**
   * The rights that a token of the founder's has to have to be answered as they are, or with the status that is said after them;
   * empty: none; left out, no token opens it.
   */
  token?: string;
};

/** Somebody who is nothing and was given nothing. */
const nothing = {
  ...{ roles: [], scope: { all: false, extensions: [], queues: [], dids: [] } },
  ...{ extensions: [], grants: [] },
};

const NOT_THERE = {
  test: '    401 403 404 404 404 404 404 404 404',
  unknown: ' 401 403 404 404 404 404 404 404 404',
  nonsense: '401 403 404 404 404 404 404 404 404',
};
/** The same where running the box is not enough. */
const NOT_HEARD = {
  test: '    401 403 403 404 404 404 404 404 404',
  unknown: ' 401 403 403 404 404 404 404 404 404',
  nonsense: '401 403 403 404 404 404 404 404 404',
};

/** What somebody asks for. */
const aRequest = {
  ...{ kind: 'access', name: 'Ann', contact: '', identity: '', numbers: ['+49 30 1234567'] },
  ...{ from: null, to: null, manner: 'email', received: '2026-01-03' },
};

/** To somebody who is not there. */
const aMailing = {
  ...{ report: 'storage', period: 'last_month', day: 3, attach: false },
  recipients: [{ person: 'nobody', address: 'nobody@hartley.example' }],
};

/** A route by its method and address; what comes after a question mark is the query, and makes a row of its own. */
export const rights: Record<string, Row> = {
  //                                stranger nobody admin queue extension exporter agent auditor founder
  'GET /api/v1/session': { is: '          200 200 200 200 200 200 200 200 200' },
  'POST /api/v1/session': {
    is: '         200 200 200 200 200 200 200 200 200',
    send: { name: 'founder', password },
  },
  'DELETE /api/v1/session': { is: '       401 200 200 200 200 200 200 200 200' },
  'POST /api/v1/setup': {
    is: '                                 403 403 403 403 403 403 403 403 403',
    send: { code: 'AAAA-AAAA-AAAA-AAAA-AAAA', name: 'eve', password },
  },
  'GET /api/v1/calls': { is: '            401 403 200 200 200 200 200 200 200', token: 'view' },
  'GET /api/v1/calls?quality=any': { is: '401 403 200 403 403 403 403 200 200', token: 'view' },
  'GET /api/v1/calls/:id': {
    token: 'view',
    is: {
      shared: '  401 403 200 404 200 200 200 200 200',
      whole: '   401 403 200 404 200 200 404 200 200',
      foreign: ' 401 403 200 200 404 404 404 200 200',
      erased: '  401 403 200 404 200 200 200 200 200',
      bare: '    401 403 200 404 200 200 200 200 200',
      ...NOT_THERE,
    },
  },
  'GET /api/v1/calls/:id/peaks': {
    token: 'view play',
    is: {
      shared: '  401 403 403 404 200 200 200 403 200',
      whole: '   401 403 403 404 200 200 404 403 200',
      foreign: ' 401 403 403 200 404 404 404 403 200',
      erased: '  401 403 403 404 404 404 404 404 404',
      bare: '    401 403 403 404 404 404 404 404 404',
      ...NOT_HEARD,
    },
  },
  'GET /api/v1/calls/:id/audio': {
    token: 'view play',
    is: {
      shared: '  401 403 403 404 200 200 200 403 200',
      whole: '   401 403 403 404 200 200 404 403 200',
      foreign: ' 401 403 403 200 404 404 404 403 200',
      erased: '  401 403 403 404 410 410 410 403 410',
      bare: '    401 403 403 404 404 404 404 403 404',
      ...NOT_HEARD,
    },
  },
  'GET /api/v1/calls/:id/audio?download=1': {
    token: 'view play download',
    is: {
      shared: '  401 403 403 403 200 403 403 403 200',
      whole: '   401 403 403 403 200 403 403 403 200',
      foreign: ' 401 403 403 403 404 403 403 403 200',
      erased: '  401 403 403 403 410 403 403 403 410',
      bare: '    401 403 403 403 404 403 403 403 404',
      test: '    401 403 403 403 404 403 403 403 404',
      unknown: ' 401 403 403 403 404 403 403 403 404',
      nonsense: '401 403 403 403 404 403 403 403 404',
    },
  },
  'POST /api/v1/calls/:id/listen': {
    token: 'view play',
    send: { reason: 'Complaint 12' },
    is: {
      shared: '  401 403 403 404 200 200 200 200 200',
      whole: '   401 403 403 404 200 200 404 200 200',
      foreign: ' 401 403 403 200 404 404 404 200 200',
      erased: '  401 403 403 404 200 200 200 200 200',
      bare: '    401 403 403 404 200 200 200 200 200',
      ...NOT_HEARD,
    },
  },
  ...Object.fromEntries(
    askedKinds.map((kind) => [
      `POST /api/v1/calls/:id/${kind}`,
      {
        token: 'view direct',
        is: {
          shared: '  401 403 200 404 200 200 200 403 200',
          whole: '   401 403 200 404 200 200 404 403 200',
          foreign: ' 401 403 200 200 404 404 404 403 200',
          erased: '  401 403 200 404 200 200 200 403 200',
          bare: '    401 403 200 404 200 200 200 403 200',
          test: '    401 403 404 404 404 404 404 403 404',
          unknown: ' 401 403 404 404 404 404 404 403 404',
          nonsense: '401 403 404 404 404 404 404 403 404',
        },
      },
    ]),
  ),
  'GET /api/v1/calls/:id/manifest': {
    token: 'view export',
    is: {
      shared: '  401 403 403 403 403 403 403 403 200',
      whole: '   401 403 403 403 403 200 403 403 200',
      foreign: ' 401 403 403 403 403 404 403 403 200',
      erased: '  401 403 403 403 403 403 403 403 200',
      bare: '    401 403 403 403 403 404 403 403 404',
      test: '    401 403 403 403 403 404 403 404 404',
      unknown: ' 401 403 403 403 403 404 403 404 404',
      nonsense: '401 403 403 403 403 404 403 404 404',
    },
  },
  'GET /api/v1/people': { is: '           401 403 200 403 403 403 403 200 200', token: 'oversee' },
  'GET /api/v1/people/seen': { is: '      401 403 200 403 403 403 403 403 200' },
  'POST /api/v1/people': {
    // Nobody may be made without a name: who may make one is told so.
    is: '                                 401 403 400 403 403 403 403 403 400',
    send: { name: ' ', ...nothing },
  },
  'PUT /api/v1/people/:id': {
    send: (id: string) => ({ based_on: 1, name: id, ...nothing, roles: ['admin'], disabled: true }),
    is: {
      unknown: ' 401 403 404 403 403 403 403 403 404',
      other: '   401 403 200 403 403 403 403 403 200',
      own: '     401 403 200 403 403 403 403 403 200',
    },
  },
  'DELETE /api/v1/people/:id?based_on=1': {
    is: {
      unknown: ' 401 403 404 403 403 403 403 403 404',
      other: '   401 403 200 403 403 403 403 403 200',
      own: '     401 403 200 403 403 403 403 403 200',
    },
  },
  'POST /api/v1/people/:id/invitation': {
    // One's own password is changed with the old one.
    is: {
      unknown: ' 401 403 404 403 403 403 403 403 404',
      other: '   401 403 200 403 403 403 403 403 200',
      own: '     401 403 403 403 403 403 403 403 403',
    },
  },
  'GET /api/v1/people/:id/sessions': {
    is: {
      unknown: ' 401 403 404 403 403 403 403 403 404',
      other: '   401 403 200 403 403 403 403 403 200',
      own: '     401 403 200 403 403 403 403 403 200',
    },
  },
  'DELETE /api/v1/people/:id/sessions': {
    is: {
      unknown: ' 401 403 404 403 403 403 403 403 404',
      other: '   401 403 200 403 403 403 403 403 200',
      own: '     401 403 200 403 403 403 403 403 200',
    },
  },
  'DELETE /api/v1/people/:id/sessions/:session': {
    is: {
      unknown: ' 401 403 404 403 403 403 403 403 404',
      other: '   401 403 200 403 403 403 403 403 200',
      own: '     401 403 200 403 403 403 403 403 200',
    },
  },
  'GET /api/v1/account': { is: '          401 200 200 200 200 200 200 200 200' },
  'POST /api/v1/account/password': {
    is: '                                 401 403 403 403 403 403 403 403 403',
    send: { old: 'not this one', password: 'five other unrelated quiet words' },
  },
  'GET /api/v1/account/sessions': { is: ' 401 200 200 200 200 200 200 200 200' },
  'DELETE /api/v1/account/sessions': {
    is: '                                 401 200 200 200 200 200 200 200 200',
  },
  'DELETE /api/v1/account/sessions/:id': {
    // Of others it ends none, and says so.
    is: {
      unknown: ' 401 200 200 200 200 200 200 200 200',
      other: '   401 200 200 200 200 200 200 200 200',
      own: '     401 200 200 200 200 200 200 200 200',
    },
  },
  'GET /api/v1/account/tokens': { is: '   401 200 200 200 200 200 200 200 200' },
  'POST /api/v1/account/tokens': {
    // For no more than one may do oneself.
    is: '                                 401 403 200 403 403 403 403 200 200',
    send: { name: 'monitor', rights: ['oversee'] },
  },
  'DELETE /api/v1/account/tokens/:id': {
    is: {
      unknown: ' 401 404 404 404 404 404 404 404 404',
      other: '   401 404 404 404 404 404 404 404 404',
      own: '     401 200 200 200 200 200 200 200 200',
    },
  },
  'POST /api/v1/welcome': {
    is: '                                 403 403 403 403 403 403 403 403 403',
    send: { code: 'AAAA-AAAA-AAAA-AAAA-AAAA', password },
  },
  // One's own second factors, whatever one's role: with nothing sent, who is let in is told what is missing.
  'POST /api/v1/session/second-factor': {
    is: '                                 401 400 400 400 400 400 400 400 400',
    send: {},
  },
  'POST /api/v1/session/proof': {
    is: '                                 401 400 400 400 400 400 400 400 400',
    send: {},
  },
  'POST /api/v1/session/passkey/options': {
    is: '                                 403 403 403 403 403 403 403 403 403',
    send: {},
  },
  'POST /api/v1/session/passkey': {
    is: '                                 400 400 400 400 400 400 400 400 400',
    send: {},
  },
  'POST /api/v1/session/provider': {
    is: '                                 404 404 404 404 404 404 404 404 404',
    send: {},
  },
  'GET /api/v1/session/provider/callback': {
    is: '                                 404 404 404 404 404 404 404 404 404',
  },
  'GET /api/v1/account/factors': { is: '  401 200 200 200 200 200 200 200 200' },
  'POST /api/v1/account/factors/totp': {
    is: '                                 401 200 200 200 200 200 200 200 200',
    send: {},
  },
  'PUT /api/v1/account/factors/totp': {
    is: '                                 401 400 400 400 400 400 400 400 400',
    send: {},
  },
  'DELETE /api/v1/account/factors/totp': {
    // None of them has one.
    is: '                                 401 404 404 404 404 404 404 404 404',
  },
  'POST /api/v1/account/factors/passkeys/options': {
    is: '                                 401 403 403 403 403 403 403 403 403',
    send: {},
  },
  'POST /api/v1/account/factors/passkeys': {
    is: '                                 401 400 400 400 400 400 400 400 400',
    send: {},
  },
  'DELETE /api/v1/account/factors/passkeys/:id': {
    is: {
      unknown: ' 401 404 404 404 404 404 404 404 404',
      other: '   401 404 404 404 404 404 404 404 404',
      own: '     401 200 200 200 200 200 200 200 200',
    },
  },
  'POST /api/v1/account/factors/recovery-codes': {
    is: '                                 401 400 400 400 400 400 400 400 400',
    send: {},
  },
  'GET /api/v1/second-factor-roles': { is: '401 403 200 403 403 403 403 200 200', token: 'oversee' },
  'PUT /api/v1/second-factor-roles': {
    is: '                                 401 403 400 403 403 403 403 403 400',
    send: { roles: ['nobody'] },
  },
  // The certificate of the box's own authority, where it has one.
  'GET /ca.crt': { is: '                  404 404 404 404 404 404 404 404 404' },
  // The page that verifies evidence packs: for whoever gets one.
  'GET /verify.html': { is: '             200 200 200 200 200 200 200 200 200' },
  'POST /api/v1/calls/:id/evidence': {
    token: 'view export',
    // A pack is of a whole call.
    send: { reason: 'Court order 7' },
    is: {
      shared: '  401 403 403 403 403 403 403 200 200',
      whole: '   401 403 403 403 403 200 403 200 200',
      foreign: ' 401 403 403 403 403 404 403 200 200',
      erased: '  401 403 403 403 403 403 403 410 410',
      bare: '    401 403 403 403 403 404 403 404 404',
      test: '    401 403 403 403 403 404 403 404 404',
      unknown: ' 401 403 403 403 403 404 403 404 404',
      nonsense: '401 403 403 403 403 404 403 404 404',
    },
  },
  'POST /api/v1/calls/:id/heard': {
    token: 'view play',
    // Who plays nothing has heard nothing.
    send: { heard: [[0, 1000]] },
    is: {
      shared: '  401 403 403 404 200 200 200 200 200',
      whole: '   401 403 403 404 200 200 404 200 200',
      foreign: ' 401 403 403 200 404 404 404 200 200',
      erased: '  401 403 403 404 200 200 200 200 200',
      bare: '    401 403 403 404 404 404 404 404 404',
      ...NOT_HEARD,
    },
  },
  'GET /api/v1/audit': { is: '            401 403 200 403 403 403 403 200 200', token: 'audit' },
  'GET /api/v1/audit.csv': { is: '        401 403 200 403 403 403 403 200 200', token: 'audit' },
  'GET /api/v1/audit/state': { is: '      401 403 200 403 403 403 403 200 200', token: 'audit' },
  'GET /api/v1/audit/checkpoint.txt': {
    token: 'audit',
    // One was signed for the evidence packs above.
    is: '                                 401 403 200 403 403 403 403 200 200',
  },
  'GET /api/v1/live': { is: '             401 200 200 200 200 200 200 200 200' },
  'GET /api/v1/policy': { is: '           401 403 200 403 403 403 403 200 200', token: 'oversee' },
  'PUT /api/v1/policy': {
    // Of a version that there is not: who may change it is told so.
    is: '                                 401 403 409 403 403 403 403 403 409',
    send: { based_on: 999, policy: defaultPolicy },
  },
  'GET /api/v1/policy/versions': { is: '  401 403 200 403 403 403 403 200 200', token: 'oversee' },
  'POST /api/v1/policy/test': {
    token: 'oversee',
    is: '                                 401 403 200 403 403 403 403 200 200',
    send: { direction: 'in' },
  },
  'GET /api/v1/policy/diff': { is: '      401 403 400 403 403 403 403 400 400', token: 'oversee' },
  'POST /api/v1/policy/check': {
    token: 'oversee',
    is: '                                 401 403 200 403 403 403 403 200 200',
    send: { policy: defaultPolicy },
  },
  'POST /api/v1/policy/replay': {
    is: '                                 401 403 200 403 403 403 403 403 200',
    send: { policy: defaultPolicy },
  },
  'POST /api/v1/policy/preview': {
    is: '                                 401 403 200 403 403 403 403 403 200',
    send: { policy: defaultPolicy },
  },
  'POST /api/v1/policy/preview/approval': {
    // A preview that is still to come: who may ask is told so.
    is: '                                 401 403 400 403 403 403 403 403 400',
    send: {
      ...{ policy: defaultPolicy, based_on: 0, reason: 'x' },
      preview: { as_of: '2999-01-01T00:00:00Z', digest: '0'.repeat(64) },
    },
  },
  'POST /api/v1/approvals/:id/save': {
    is: '                                 401 403 404 403 403 403 403 403 404',
  },
  'POST /api/v1/policy/versions/:version/restore': {
    // Not a version: who may bring one back is told so.
    is: '                                 401 403 400 403 403 403 403 403 400',
    send: { based_on: 0 },
  },
  'GET /api/v1/lists': { is: '            401 403 200 403 403 403 403 200 200', token: 'oversee' },
  'POST /api/v1/lists': {
    // Not a name: who may make one is told so.
    is: '                                 401 403 400 403 403 403 403 403 400',
    send: { name: '' },
  },
  'PUT /api/v1/lists/:list': {
    is: '                                 401 403 404 403 403 403 403 403 404',
    send: { note: '' },
  },
  'DELETE /api/v1/lists/:list': { is: '   401 403 404 403 403 403 403 403 404' },
  'GET /api/v1/lists/:list/numbers': { is: '401 403 404 403 403 403 403 404 404', token: 'oversee' },
  'POST /api/v1/lists/:list/numbers': {
    is: '                                 401 403 404 403 403 403 403 403 404',
    send: { number: '0301234567' },
  },
  'POST /api/v1/lists/:list/remove': {
    is: '                                 401 403 404 403 403 403 403 403 404',
    send: { number: '0301234567' },
  },
  'POST /api/v1/lists/:list/import': {
    is: '                                 401 403 404 403 403 403 403 403 404',
    send: { csv: 'number' },
  },
  'GET /api/v1/lists/:list/numbers.csv': { is: '401 403 404 403 403 403 403 404 404', token: 'oversee' },
  'GET /api/v1/consents': { is: '         401 403 200 403 403 403 403 200 200', token: 'oversee' },
  'POST /api/v1/consents': {
    // Not a number: who may enter one is told so.
    is: '                                 401 403 200 403 403 403 403 403 200',
    send: { kind: 'objection', number: 'x', given: '2026-01-01', how: 'e-mail' },
  },
  'POST /api/v1/consents/import': {
    is: '                                 401 403 200 403 403 403 403 403 200',
    send: { csv: 'number' },
  },
  'POST /api/v1/consents/:id/erase': {
    is: '                                 401 403 400 403 403 403 403 403 400',
    send: { reason: 'Asked for' },
  },
  'POST /api/v1/consents/:id/withdraw': { is: '401 403 400 403 403 403 403 403 400' },
  'GET /api/v1/consents/:id/document': {
    is: '                                 401 403 400 403 403 403 403 400 400',
    token: 'oversee',
  },
  'DELETE /api/v1/consents/:id/document': { is: '401 403 400 403 403 403 403 403 400' },
  'GET /api/v1/consents.csv': { is: '     401 403 200 403 403 403 403 200 200', token: 'oversee' },
  'GET /api/v1/approvals': { is: '        401 200 200 200 200 200 200 200 200' },
  'POST /api/v1/approvals/:id/approve': {
    is: '                                 401 403 404 403 403 403 403 403 404',
    send: { digest: 'a'.repeat(64) },
  },
  'POST /api/v1/approvals/:id/withdraw': { is: '401 404 404 404 404 404 404 404 404' },
  'GET /api/v1/requests': { is: '         401 403 200 403 403 403 403 200 200' },
  'POST /api/v1/requests': {
    is: '                                 401 403 400 403 403 403 403 400 400',
    send: { ...aRequest, numbers: ['44'] },
  },
  'GET /api/v1/requests/:id': { is: '     401 403 404 403 403 403 403 404 404' },
  'POST /api/v1/requests/:id': {
    is: '                                 401 403 404 403 403 403 403 404 404',
    send: aRequest,
  },
  'GET /api/v1/requests/:id/calls': { is: '401 403 404 403 403 403 403 404 404' },
  'POST /api/v1/requests/:id/extension': {
    is: '                                 401 403 404 403 403 403 403 404 404',
    send: { reason: 'B' },
  },
  'POST /api/v1/requests/:id/calls/:call': {
    is: '                                 401 403 404 403 403 403 403 404 404',
    send: { reason: 'B' },
  },
  'POST /api/v1/requests/:id/calls/:call/audio': { is: '401 403 403 403 403 403 403 404 404' },
  'GET /api/v1/request-letters': { is: '  401 403 200 403 403 403 403 200 200' },
  'POST /api/v1/request-letters': {
    is: '                                 401 403 400 403 403 403 403 400 400',
    send: { letter: 'refusal', text: '{strange}' },
  },
  'POST /api/v1/requests/:id/letter': {
    is: '                                 401 403 404 403 403 403 403 404 404',
    send: { letter: 'refusal', grounds: [] },
  },
  'POST /api/v1/requests/:id/bundle': {
    is: '                                 401 403 404 403 403 403 403 404 404',
    send: { letter: 'refusal', text: 'Dear Ann' },
  },
  'POST /api/v1/requests/:id/answer': {
    is: '                                 401 403 404 403 403 403 403 404 404',
    send: { day: '2026-05-20', outcome: 'given', grounds: [], note: '' },
  },
  'GET /api/v1/holds': { is: '            401 403 200 403 403 403 403 200 200', token: 'oversee' },
  'POST /api/v1/holds': {
    is: '                                 401 403 400 403 403 403 403 400 400',
    send: { name: 'A', reason: 'B', query: { text: ' - ' } },
  },
  'GET /api/v1/holds/:id': { is: '        401 403 404 403 403 403 403 404 404', token: 'oversee' },
  'GET /api/v1/holds/:id/recordings': { is: '401 403 404 403 403 403 403 404 404', token: 'oversee' },
  'GET /api/v1/holds/:id/not-held': { is: '401 403 404 403 403 403 403 404 404', token: 'oversee' },
  'GET /api/v1/holds/:id/report.csv': { is: '401 403 404 403 403 403 403 404 404', token: 'oversee' },
  'POST /api/v1/holds/:id/query': {
    is: '                                 401 403 404 403 403 403 403 404 404',
    send: { query: { text: 'ada' }, reason: 'B' },
  },
  'POST /api/v1/holds/:id/recordings': {
    is: '                                 401 403 404 403 403 403 403 404 404',
    send: { recordings: [], reason: 'B' },
  },
  'POST /api/v1/holds/:id/releases': {
    is: '                                 401 403 404 403 403 403 403 404 404',
    send: { what: 'all', reason: 'B' },
  },
  'POST /api/v1/holds/:id/releases/:approval': {
    is: '                                 401 403 403 403 403 403 403 403 403',
  },
  'GET /api/v1/telling': { is: '          401 403 200 403 403 403 403 200 200', token: 'oversee' },
  'POST /api/v1/telling/test': {
    token: 'oversee',
    is: '                                 401 403 200 403 403 403 403 200 200',
    send: { number: '' },
  },
  'GET /api/v1/prompts': { is: '          401 403 200 403 403 403 403 200 200', token: 'oversee' },
  'POST /api/v1/prompts': {
    // No audio: who may upload one is told so.
    is: '                                 401 403 422 403 403 403 403 403 422',
    send: { kind: 'ask', language: 'en', name: 'Ada', text: '', audio: 'AAAA' },
  },
  'POST /api/v1/prompts/speech': {
    // No words: who may have some spoken is told so.
    is: '                                 401 403 422 403 403 403 403 403 422',
    send: { language: 'en', text: ' ' },
  },
  'PUT /api/v1/prompts/active': {
    is: '                                 401 403 200 403 403 403 403 403 200',
    send: { kind: 'ask', language: 'en', hash: null },
  },
  'GET /api/v1/prompts/:hash/audio': {
    // Not a hash: who may hear one is told so.
    is: '                                 401 403 400 403 403 403 403 403 400',
  },
  'GET /api/v1/quality': { is: '          401 403 200 403 403 403 403 200 200', token: 'oversee view' },
  'GET /api/v1/retention': { is: '        401 403 200 403 403 403 403 200 200', token: 'oversee view' },
  'GET /api/v1/certificates': { is: '     401 403 200 403 403 403 403 200 200', token: 'oversee view' },
  'GET /api/v1/certificates.csv': { is: ' 401 403 200 403 403 403 403 200 200', token: 'oversee view' },
  // Of a number that is none.
  'GET /api/v1/certificates/:number': {
    is: '                                 401 403 400 403 403 403 403 400 400',
    token: 'oversee',
  },
  'GET /api/v1/certificates/:number/file': {
    is: '                                 401 403 400 403 403 403 403 400 400',
    token: 'oversee',
  },
  'GET /api/v1/certificates/:number/pdf': {
    is: '                                 401 403 400 403 403 403 403 400 400',
    token: 'oversee',
  },
  'GET /api/v1/reports': { is: '          401 403 200 403 403 403 403 200 200', token: 'oversee' },
  'GET /api/v1/reports/signed': { is: '   401 403 200 403 403 403 403 200 200', token: 'oversee view' },
  'GET /api/v1/reports/mailings': { is: ' 401 403 200 403 403 403 403 200 200', token: 'oversee view' },
  'POST /api/v1/reports/mailings': {
    is: '                                 401 403 400 403 403 403 403 400 400',
    send: aMailing,
  },
  'PUT /api/v1/reports/mailings/:id': {
    is: '                                 401 403 404 403 403 403 403 404 404',
    send: aMailing,
  },
  'DELETE /api/v1/reports/mailings/:id': {
    is: '                                 401 403 404 403 403 403 403 404 404',
  },
  'POST /api/v1/reports/mailings/:id/send': {
    is: '                                 401 403 404 403 403 403 403 404 404',
  },
  'GET /api/v1/reports/organisation': { is: '401 403 200 403 403 403 403 200 200' },
  'PUT /api/v1/reports/organisation': {
    is: '                                 401 403 200 403 403 403 403 200 200',
    send: NO_ORGANISATION,
  },
  // Of a report, and of an entry, that is none.
  'GET /api/v1/reports/:report': {
    is: '                                 401 403 400 403 403 403 403 400 400',
    token: 'oversee',
  },
  'GET /api/v1/reports/:report/file': {
    is: '                                 401 403 400 403 403 403 403 400 400',
    token: 'oversee',
  },
  'GET /api/v1/reports/signed/:entry': {
    is: '                                 401 403 400 403 403 403 403 400 400',
    token: 'oversee',
  },
  'GET /api/v1/retention.csv': { is: '    401 403 200 403 403 403 403 200 200', token: 'oversee view' },
  'POST /api/v1/retention/run': { is: '   401 403 200 403 403 403 403 403 200', send: {} },
  'GET /api/v1/retention/items?list=next': {
    is: '                                 401 403 200 403 403 403 403 200 200',
    token: 'oversee view',
  },
  'GET /api/v1/retention/run': { is: '    401 403 200 403 403 403 403 200 200', token: 'oversee' },
  'POST /api/v1/recordings/erase': {
    // Of no call at all.
    is: '                                 401 403 404 403 403 403 403 403 404',
    send: { calls: ['none'], reason: 'Asked for', confirm: 'erase 1' },
  },
  'POST /api/v1/recordings/:id/redact': {
    // Of no recording at all.
    is: '                                 401 403 404 403 403 403 403 403 404',
    send: {
      stretches: [{ side: 'both', from_ms: 0, until_ms: 100 }],
      reason: 'Card number',
      older: 'destroy',
    },
  },
  'GET /api/v1/calls/:id/versions': {
    token: 'view',
    is: {
      shared: '  401 403 200 404 200 200 200 200 200',
      whole: '   401 403 200 404 200 200 404 200 200',
      foreign: ' 401 403 200 200 404 404 404 200 200',
      erased: '  401 403 200 404 200 200 200 200 200',
      bare: '    401 403 200 404 200 200 200 200 200',
      ...NOT_THERE,
    },
  },
  'POST /api/v1/recordings/:id/earlier/ask': {
    is: '                                 401 403 403 404 404 404 404 404 404',
    send: { reason: 'Dispute' },
  },
  'GET /api/v1/recordings/:id/earlier/audio': { is: '401 403 403 404 404 404 404 404 404' },
  'POST /api/v1/recordings/:id/earlier/erase': {
    is: '                                 401 403 404 403 403 403 403 403 404',
    send: { reason: 'Not needed' },
  },
  'GET /api/v1/calls/:id/redacted': {
    is: {
      shared: '  401 403 200 403 403 403 403 403 200',
      whole: '   401 403 200 403 403 403 403 403 200',
      foreign: ' 401 403 200 403 403 403 403 403 200',
      erased: '  401 403 200 403 403 403 403 403 200',
      bare: '    401 403 200 403 403 403 403 403 200',
      test: '    401 403 404 403 403 403 403 403 404',
      unknown: ' 401 403 404 403 403 403 403 403 404',
      nonsense: '401 403 404 403 403 403 403 403 404',
    },
  },
  'GET /api/v1/consent-report': {
    is: '          401 403 200 403 403 403 403 200 200',
    token: 'oversee view',
  },
  'GET /api/v1/consent-report.csv': {
    is: '      401 403 200 403 403 403 403 200 200',
    token: 'oversee view',
  },
  'GET /api/v1/coverage': { is: '         401 403 200 403 403 403 403 200 200', token: 'oversee view' },
  'GET /api/v1/coverage.csv': { is: '     401 403 200 403 403 403 403 200 200', token: 'oversee view' },
  'GET /api/v1/status': { is: '           401 403 200 403 403 403 403 200 200', token: 'oversee' },
  'POST /api/v1/recordings/check': { is: '401 403 200 403 403 403 403 403 200', send: {} },
  'POST /api/v1/recordings/archive': { is: '401 403 200 403 403 403 403 403 200', send: {} },
  'DELETE /api/v1/jobs/:id': {
    // No such job: who may cancel one is told so.
    is: '                                 401 403 404 403 403 403 403 403 404',
  },
  'GET /api/v1/health': { is: '           200 200 200 200 200 200 200 200 200' },
  'GET /api/v1/upgrade': { is: '           200 200 200 200 200 200 200 200 200' },
  'GET /api/v1/openapi.json': { is: '     401 200 200 200 200 200 200 200 200', token: '' },
  'GET /api/docs': { is: '                302 302 302 302 302 302 302 302 302' },
  'GET /help': { is: '                    302 302 302 302 302 302 302 302 302' },
  // The dashboards of the tests have none.
  'GET /help/*': { is: '                  404 404 404 404 404 404 404 404 404' },
  // By the address or a token, not by who is signed in.
  'GET /metrics': { is: '                 403 403 403 403 403 403 403 403 403', token: 'oversee: 200' },
  'ALL /api/*': { is: '                   401 404 404 404 404 404 404 404 404' },
  'GET /*': { is: '                       200 200 200 200 200 200 200 200 200' },
};
