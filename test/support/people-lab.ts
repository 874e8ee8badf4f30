import { randomBytes } from 'node:crypto';
import Database from 'better-sqlite3';
import { Secret, TOTP } from 'otpauth';
import type { Test } from 'tap';
import { Compile } from 'typebox/compile';
import { ulid } from 'ulid';
import type { ReadEntry } from '../../daemon/catalogue/audit.js';
import type { OWNER } from '../../daemon/domain/operations/control/owner.js';
import type { PEOPLE } from '../../daemon/domain/operations/control/people.js';
import type { SIGN_IN } from '../../daemon/domain/operations/control/sign-in.js';
import { CONTROL, type ControlAnswer, type ControlBody } from '../../daemon/domain/operations/control.js';
import { actKinds } from '../../daemon/domain/people/act.js';
import { FOUNDER, type Rights } from '../../daemon/domain/people/person.js';
import { hashPassword, isPasswordHash, verifyPassword } from '../../daemon/ops/secrets/password.js';
import { createAskers } from '../../daemon/requests/askers.js';
import { createOwnerRequests } from '../../daemon/requests/owner.js';
import { createPasswordCheck } from '../../daemon/requests/password-check.js';
import { createPeopleRequests, type PeopleDeps } from '../../daemon/requests/people.js';
import { createProofs } from '../../daemon/requests/proofs.js';
import { createRefusals } from '../../daemon/requests/refusals.js';
import { createSignInRequests } from '../../daemon/requests/sign-in.js';
import { createFactorSecrets } from '../../daemon/vault/factor-secrets.js';
import { alarmBoard } from './alarm-board.js';
import { opened } from './catalogue/opened.js';
import { breakLog, tablesOf } from './catalogue/tables.js';

type Names = keyof typeof OWNER | keyof typeof PEOPLE | keyof typeof SIGN_IN;
export type Ask = <N extends Names>(name: N, body: ControlBody<N>) => Promise<ControlAnswer<N>>;
export type PeopleLab = Awaited<ReturnType<typeof peopleLab>>;

export const password = 'five unrelated quiet words';
const hash = hashPassword(password);
export const AUDITOR: Rights = {
  ...FOUNDER,
  roles: ['auditor'],
  scope: { ...FOUNDER.scope, all: false },
  grants: [],
};
export const PLACE = { host: 'desk.example', origin: 'https://desk.example' };

/** A recorder's answers to all that is asked about people, on a catalogue in a file; bodies and answers are checked. */
export async function peopleLab(t: Test, { rules }: Partial<Pick<PeopleDeps, 'rules'>> = {}) {
  const { catalogue, path } = await opened(t);
  const db = new Database(path);
  t.teardown(() => db.close());
  const clock = { ms: Date.UTC(2026, 10, 27, 9) };
  const now = () => clock.ms;
  const masterKey = randomBytes(32);
  const verified: string[] = [];
  const proofs = createProofs({ clock: now });
  const { alarms, standing } = alarmBoard();
  const deps = {
    ...{ catalogue, proofs, alarms, clock: now, mint: () => ulid() },
    ...{ siteName: 'Desk', rules: rules ?? { ldap: [], oidc: [] } },
    askers: createAskers({ catalogue, proofs, clock: now }),
    refusals: createRefusals({ catalogue, clock: now }),
    passwords: { isPasswordHash },
    passwordCheck: createPasswordCheck({
      passwords: {
        verifyPassword(stored, given) {
          verified.push(given);
          return verifyPassword(stored, given);
        },
      },
      clock: now,
    }),
    factorSecrets: createFactorSecrets(() => ({ current: masterKey, next: null, reread: () => [masterKey] })),
  };
  const handlers = {
    ...createOwnerRequests(deps),
    ...createPeopleRequests(deps),
    ...createSignInRequests(deps),
  };

  const ask: Ask = async (name, body) => {
    if (!Compile(CONTROL[name].body).Check(body)) throw new Error(`${name}: the body is not as agreed`);
    const answer = await (handlers[name] as (body: unknown) => unknown)(body);
    if (!Compile(CONTROL[name].answer).Check(answer))
      throw new Error(`${name}: the answer is not as agreed: ${JSON.stringify(answer)}`);
    return answer as ControlAnswer<typeof name>;
  };

  const lab = {
    ...{ ask, catalogue, clock, db, verified, deps, handlers, standing },
    hash: await hash,
    /** Adds somebody with a password, whose id is their name. */
    async add(name: string, rights: Rights = FOUNDER): Promise<string> {
      const user = { ...rights, id: name, name, passwordHash: await hash, createdAt: clock.ms };
      await catalogue.people.add(user);
      return name;
    },
    by: (person: string, more: { session?: string; token?: string } = {}) => ({
      ...{ person, session: `${person}'s`, address: '10.0.0.7' },
      ...more,
    }),
    /** Shows who somebody is. Where no `act` is named, that counts for every kind of act: most tests are about something else. */
    async prove(
      person: string | null,
      means: ControlBody<'prove'>['means'],
      more: Partial<ControlBody<'prove'>> = {},
    ) {
      const body = {
        ...{
          person,
          session: `${person}'s`,
          address: '10.0.0.7',
          begins: false,
          device: null,
          act: null,
          means,
        },
        ...more,
      };
      const answer = await ask('prove', body);
      if (more.act === undefined && !body.begins && !('word' in means) && 'proofs' in answer)
        for (const proof of answer.proofs)
          for (const kind of actKinds)
            proofs.add(body.session, { id: answer.person, epoch: answer.epoch }, proof, {
              kind,
              object: null,
            });
      return answer;
    },
    /** Gives somebody an authenticator app; returns what codes it shows now. */
    async withApp(person: string, session = `${person}'s`): Promise<() => string> {
      const by = { person, session, address: '10.0.0.7' };
      const { secret } = await ask('begin_totp', { by });
      const app = new TOTP({ secret: Secret.fromBase32(secret) });
      const code = () => app.generate({ timestamp: clock.ms });
      await ask('confirm_totp', { by, code: code() });
      // The code that it was added with is used up.
      clock.ms += 30_000;
      return code;
    },
    /** The newest entry of the log. */
    async entry(): Promise<ReadEntry> {
      return (await catalogue.audit.entries({ limit: 1 }))[0]!;
    },
    size: async () => (await catalogue.audit.head()).size,
    /** Whether nothing at all is changed by this while the log cannot be written, and `audit_unwritable` is thrown. */
    async unwritten(
      what: string,
      work: () => Promise<unknown>,
      without: readonly string[] = [],
    ): Promise<void> {
      const before = tablesOf(db, { without });
      const mend = breakLog(db);
      await t.rejects(work(), { code: 'audit_unwritable' }, `${what} needs its entry`);
      mend();
      t.strictSame(tablesOf(db, { without }), before, `${what}: nothing is done without it`);
    },
  };
  return lab;
}
