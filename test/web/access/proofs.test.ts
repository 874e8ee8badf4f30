import { randomBytes } from 'node:crypto';
import Database from 'better-sqlite3';
import { Secret, TOTP } from 'otpauth';
import t from 'tap';
import { ulid } from 'ulid';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { type Act, type ActKind, actKinds } from '../../../daemon/domain/people/act.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { tablesOf } from '../../support/catalogue/tables.js';
import { TOKENS } from '../../support/requests/prove-all.js';
import { told } from '../../support/web/audit-log.js';
import { cookieOf, password, post, signInAs } from '../../support/web/dashboard.js';
import { type House, openHouse, requests, send } from '../../support/web/requests.js';
import { ask, codeOf } from '../../support/web/sign-in.js';

const MINUTE = 60_000;

/** What nobody does on the dashboard's word alone. The last one takes away whom the others are about. */
const PROVED = [
  'PUT /api/v1/policy',
  'POST /api/v1/retention/run',
  'PUT /api/v1/second-factor-roles',
  'POST /api/v1/account/tokens',
  'POST /api/v1/people',
  'POST /api/v1/people/:id/invitation',
  'PUT /api/v1/people/:id',
  'DELETE /api/v1/people/:id',
] as const;

/** Of which kind each is, and these in the order in which they come. */
const KIND_OF: ActKind[] = ['rules', 'erasing', 'factor_roles', 'tokens', ...Array(4).fill('people')];
const KINDS = [...new Set(KIND_OF)];

/** What of these is somebody's own; the rest is the box's. */
const OWN = ['POST /api/v1/account/tokens'] as const;
const BOX = PROVED.filter((route) => route !== OWN[0]);

/** A house, and what its recorder has to say to all of these. */
async function house(t: Parameters<typeof openHouse>[0]) {
  const made = await openHouse(t);
  const { dashboard } = made;
  const db = new Database(catalogueFile(dashboard.dataDir), { readonly: true });
  t.teardown(() => db.close());
  return {
    ...made,
    /** The act for which a route wants a proof. */
    asks: async (route: (typeof PROVED)[number], cookie: string): Promise<Act> =>
      (await asked(made, route, cookie)).json().error.act,
    /** Each of these is refused with this code, and changes nothing. */
    async refused(
      cookie: string,
      code: string,
      says: string,
      routes: readonly (typeof PROVED)[number][] = PROVED,
    ): Promise<void> {
      await told(dashboard);
      const before = tablesOf(db);
      for (const route of routes) {
        const answer = await asked(made, route, cookie);
        t.equal(answer.statusCode, 403, `${route}, ${says}: ${answer.body.slice(0, 200)}`);
        t.equal(answer.json().error?.code, code, `${route}, ${says}`);
      }
      t.strictSame(tablesOf(db), before, `${says}: nothing has changed`);
    },
    /** Each of these is done, after a proof of its kind where that is asked for. Returns for which kinds it was. */
    async done(
      cookie: string,
      says: string,
      prove: (cookie: string, act: Act) => Promise<string>,
      routes: readonly (typeof PROVED)[number][] = PROVED,
    ): Promise<ActKind[]> {
      const kinds: ActKind[] = [];
      let last = cookie;
      for (const route of routes) {
        let answer = await asked(made, route, last);
        const act: Act | undefined = answer.json().error?.act;
        if (act) {
          kinds.push(act.kind);
          last = await prove(last, act);
          answer = await asked(made, route, last);
        }
        t.equal(answer.statusCode, 200, `${route}, ${says}: ${answer.body.slice(0, 200)}`);
      }
      return kinds;
    },
  };
}

const asked = async (house: House, route: (typeof PROVED)[number], cookie: string) =>
  send(house, route, { ...(await requests[route]![0]!.send(house)), cookie });

t.test('what changes rules, rights and recordings needs a proof of the last ten minutes', async (t) => {
  const { dashboard, anna, refused, done } = await house(t);
  const { app, clock } = dashboard;
  const cookie = await signInAs(dashboard, anna);
  clock.ms += 11 * MINUTE;
  await refused(cookie, 'proof_needed', 'eleven minutes later');
  const wrong = await post(app, '/session/proof', { password: 'wrong', act: TOKENS }, { cookie });
  t.equal(wrong.statusCode, 401);
  await refused(cookie, 'proof_needed', 'after a wrong password');
  const nothing = await post(app, '/session/proof', { password }, { cookie });
  t.equal(nothing.statusCode, 400, 'a proof for nothing is none');
  const prove = async (cookie: string, act: Act) => {
    const proved = await post(app, '/session/proof', { password, act }, { cookie });
    t.equal(proved.statusCode, 200, proved.body);
    return cookieOf(proved);
  };
  const kinds = await done(cookie, 'after her password', prove);
  t.strictSame(kinds, KINDS, 'each kind is asked for once');
});

t.test('a proof that was given for one kind of act is refused for the others', async (t) => {
  const { dashboard, anna, refused, asks } = await house(t);
  const { app, clock } = dashboard;
  let cookie = await signInAs(dashboard, anna);
  clock.ms += 11 * MINUTE;
  for (const kind of actKinds) {
    const route = PROVED.find((_, n) => KIND_OF[n] === kind);
    const act = route ? await asks(route, cookie) : { kind, object: '' };
    cookie = cookieOf(await post(app, '/session/proof', { password, act }, { cookie }));
    const others = PROVED.filter((_, n) => KIND_OF[n] !== kind);
    await refused(cookie, 'proof_needed', `by a proof for ${kind}`, others);
    clock.ms += 11 * MINUTE;
  }
});

t.test(
  'a proof is what the recorder has seen, in this session, whatever the dashboard has kept',
  async (t) => {
    const { dashboard, anna, refused } = await house(t);
    const unseen = { ...dashboard, proofs: { ...dashboard.proofs, add: () => {} } };
    await signInAs(dashboard, anna);
    await refused(await signInAs(unseen, anna), 'proof_needed', 'in another session');
    await refused(await signInAs(unseen, anna, ['password', 'totp']), 'proof_needed', 'by its word');
  },
);

t.test('who has a second factor shows that one: their password is not enough', async (t) => {
  const { dashboard, anna, refused, done } = await house(t);
  const { app, catalogue, clock, factorSecrets } = dashboard;
  const secret = new Secret({ buffer: Uint8Array.from(randomBytes(20)).buffer });
  const sealed = factorSecrets.seal(anna, Buffer.from(secret.bytes));
  await catalogue.factors.saveTotp(anna, { sealed, addedAt: clock.ms, lastStep: 0 });
  const cookie = await signInAs(dashboard, anna, ['password', 'totp']);
  clock.ms += 11 * MINUTE;
  let byPassword = cookie;
  for (const kind of actKinds) {
    const act = { kind, object: '' };
    const proved = await post(app, '/session/proof', { password, act }, { cookie: byPassword });
    t.equal(proved.statusCode, 200, proved.body);
    byPassword = cookieOf(proved);
  }
  await refused(byPassword, 'proof_needed', 'after her password');
  await done(byPassword, 'after a code', async (cookie, act) => {
    clock.ms += MINUTE;
    const code = new TOTP({ secret }).generate({ timestamp: clock.ms });
    const byCode = await post(app, '/session/second-factor', { code, act }, { cookie });
    t.equal(byCode.statusCode, 200, byCode.body);
    return cookieOf(byCode);
  });
});

t.test(
  'people of a directory change what is theirs with a factor of their own, and nothing of the box',
  async (t) => {
    const { dashboard, refused, done } = await house(t);
    const { catalogue, clock } = dashboard;
    const outsider = {
      ...FOUNDER,
      name: 'dora',
      source: 'ldap' as const,
      subject: 'dora',
      createdAt: clock.ms,
    };
    const dora = (await catalogue.people.saveOutsider({ ...outsider, id: ulid() }))!.id;
    const unseen = { ...dashboard, proofs: { ...dashboard.proofs, add: () => {} } };
    const cookie = await signInAs(unseen, dora, ['directory']);
    await refused(cookie, 'local_account_needed', 'by the word of the directory', BOX);
    await refused(cookie, 'own_factor_needed', 'by the word of the directory', OWN);
    const { secret } = (await ask({ dashboard, cookie }, 'POST', '/account/factors/totp', {})).json();
    const added = await ask({ dashboard, cookie }, 'PUT', '/account/factors/totp', {
      code: codeOf(secret, clock.ms),
    });
    t.equal(added.statusCode, 200, added.body);
    clock.ms += 11 * MINUTE;
    await refused(cookieOf(added), 'proof_needed', 'eleven minutes later', OWN);
    const proved = await ask({ dashboard, cookie: cookieOf(added) }, 'POST', '/session/second-factor', {
      code: codeOf(secret, clock.ms),
      act: TOKENS,
    });
    const never = () => Promise.reject(new Error('a second code'));
    await done(cookieOf(proved), 'after a code', never, OWN);
    await refused(cookieOf(proved), 'local_account_needed', 'also after a code', BOX);
  },
);
