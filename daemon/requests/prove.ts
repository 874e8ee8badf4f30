import type { Verbs } from '../catalogue/catalogue.js';
import { onRecord } from '../catalogue/entries.js';
import type { Proven, Used } from '../catalogue/factors.js';
import type { Standing } from '../catalogue/people.js';
import { type Actor, entryOf, type NewEntry } from '../domain/assurance/audit.js';
import { fail, type TapedeckError } from '../domain/error.js';
import type { ControlAnswer, ControlBody, ControlHandlers } from '../domain/operations/control.js';
import type { Act } from '../domain/people/act.js';
import { type GivenFactor, type Proof, waitAfter } from '../domain/people/factor.js';
import { hashed, plainCode } from '../ops/secrets/codes.js';
import { stepOf } from '../ops/secrets/totp.js';
import type { FactorSecrets } from './factors.js';
import type { Passkeys } from './passkeys.js';
import type { PasswordCheck } from './password-check.js';
import type { Proofs } from './proofs.js';
import type { Refusals } from './refusals.js';

const BY_PROVIDER = 'Sign in with the provider first; it is your second factor then.';
/** What looks like a code of an authenticator app; a recovery code is longer. */
const TOTP_CODE = /^[\s\d]{6,8}$/;

type Body = ControlBody<'prove'>;
type Word = Extract<Body['means'], { word: unknown }>['word'];
/**
 * By what somebody has shown who they are, which app or passkey that was, whether the recorder has checked it itself, what
 * it uses up, and what is written and thrown where it was used up before.
 */
type Shown = {
  proofs: Proof[];
  factor: GivenFactor | null;
  used: Used | null;
  checked: boolean;
  wrong: () => TapedeckError;
  because: string;
};

/** Looks at what somebody gives to show who they are, and writes down how that went. */
export function createProve(deps: {
  catalogue: Verbs<
    | 'audited'
    | 'factors.passkey'
    | 'factors.proofGiven'
    | 'people.standing'
    | 'factors.takeTry'
    | 'factors.totp'
    | 'people.get'
  >;
  proofs: Proofs;
  passkeys: Passkeys;
  passwordCheck: PasswordCheck;
  refusals: Refusals;
  factorSecrets: FactorSecrets;
  clock: () => number;
}): ControlHandlers['prove'] {
  const { catalogue, proofs, passkeys, passwordCheck, refusals, factorSecrets, clock } = deps;

  const entry = ({ begins, address, act }: Body, who: Who, detail: NewEntry['detail']): NewEntry => {
    const actor: Actor = { actor: 'person', actor_id: who.id, actor_name: who.name, address };
    return entryOf(actor, clock(), begins ? 'sign_in' : 'second_factor', {
      detail: { ...detail, ...saidOf(act) },
    });
  };
  /** Writes that somebody was refused, and gives what is to be thrown. Throws `audit_unwritable`. */
  async function refused(body: Body, who: Who, because: string, error: TapedeckError) {
    await refusals.write(entry(body, who, { because }));
    return error;
  }

  async function byPassword(body: Body, { id, name }: Who, password: string): Promise<Shown> {
    const user = await catalogue.people.get(id);
    const because = body.begins ? 'wrong password' : 'a password was wrong';
    const wrong = () => fail('sign_in_failed');
    const stored = user?.source === 'local' ? user.passwordHash : '';
    if (!(await passwordCheck.fits(id, stored, password)))
      throw await refused(body, { id, name }, because, wrong());
    return { proofs: ['password'], factor: null, used: null, checked: true, wrong, because };
  }

  /**
   * Of an app, or a recovery code. That cannot be guessed (80 bits): nobody waits for it, nor for wrong ones. After five wrong
   * ones of an app the seconds to wait.
   */
  async function byCode(body: Body, who: Who, code: string): Promise<Shown | { wait_seconds: number }> {
    const because = 'a second factor was wrong';
    const wrong = () => fail('factor_wrong');
    const shown = { checked: true, wrong, because };
    // A session begins with what says who it is.
    if (body.begins) throw fail('sign_in_failed');
    if (!TOTP_CODE.test(code)) {
      const used = { recoveryCode: hashed(plainCode(code)) };
      return { ...shown, proofs: ['recovery_code'], factor: null, used };
    }
    const at = clock();
    const { until } = await catalogue.factors.takeTry(who.id, body.device, at, waitAfter);
    if (until !== null) return { wait_seconds: Math.ceil((until - at) / 1000) };
    const totp = await catalogue.factors.totp(who.id);
    const step = totp && stepOf(factorSecrets.open(who.id, totp.sealed), code, at);
    if (!totp || step === null) throw await refused(body, who, because, wrong());
    return {
      ...shown,
      proofs: ['totp'],
      factor: { since: totp.addedAt, host: null },
      used: { totpStep: step },
    };
  }

  async function byPasskey(body: Body, response: unknown): Promise<Shown & { id: string }> {
    const because = 'a passkey was refused';
    const wrong = (detail = '') => fail('passkey_refused', detail);
    const who = body.person === null ? null : await catalogue.people.standing(body.person);
    const theirs = who?.person ?? NOBODY;
    const { person, passkey, counter, factor } = await passkeys.answered(response, body).catch(async (e) => {
      throw await refused(body, theirs, because, e);
    });
    // Whoever has given a password goes on as the one whose it is, or not at all.
    if (body.person !== null && body.person !== person)
      throw await refused(body, theirs, because, wrong('It belongs to somebody else.'));
    // Only the provider knows whether they still have an account there.
    if (body.begins && (await catalogue.people.get(person))?.source === 'oidc') throw wrong(BY_PROVIDER);
    const used = { passkey, counter };
    return { id: person, proofs: ['passkey'], factor, used, checked: true, wrong, because };
  }

  async function byWord({ id }: Who, word: Word): Promise<Shown> {
    const user = await catalogue.people.get(id);
    const source = word.includes('directory') ? 'ldap' : 'oidc';
    const wrong = () => fail('sign_in_failed');
    if (user?.source !== source) throw wrong();
    return { proofs: word, factor: null, used: null, checked: false, wrong, because: 'shut out meanwhile' };
  }

  /** It counts if they were not shut out, nor their password changed, since `now` was read or the session began. */
  async function keep(body: Body, now: Standing, shown: Shown): Promise<ControlAnswer<'prove'>> {
    const { person } = now;
    const { begins, session, epoch = now.epoch } = body;
    const done = entry(body, person, { with: shown.proofs });
    const given = await onRecord<Proven | null>(
      catalogue,
      (given) => given && done,
      (c) =>
        c.factors.proofGiven(person.id, {
          ...{ at: clock(), epoch, begins, used: shown.used },
        }),
    );
    if (!given) throw await refused(body, person, shown.because, shown.wrong());
    if (shown.checked)
      for (const proof of shown.proofs)
        proofs.add(session, { id: person.id, epoch }, proof, body.act, shown.factor);
    return { person: person.id, proofs: shown.proofs, ...given };
  }

  /** Throws `sign_in_failed` for somebody who is not there or disabled. */
  async function standing(id: string | null): Promise<Standing> {
    const now = id === null ? null : await catalogue.people.standing(id);
    if (!now) throw fail('sign_in_failed');
    return now;
  }

  return async (body) => {
    const { means } = body;
    if (body.begins && body.act) throw fail('request_invalid', 'act: no session begins with one');
    if ('passkey' in means) {
      const shown = await byPasskey(body, means.passkey);
      return keep(body, await standing(shown.id), shown);
    }
    const now = await standing(body.person);
    if ('password' in means) return keep(body, now, await byPassword(body, now.person, means.password));
    if ('word' in means) return keep(body, now, await byWord(now.person, means.word));
    const shown = await byCode(body, now.person, means.code);
    return 'wait_seconds' in shown ? shown : keep(body, now, shown);
  };
}

/** For what a proof was given, as its entry says it. */
const saidOf = (act: Act | null): NewEntry['detail'] =>
  act === null ? {} : { act: act.kind, ...(act.object === '' ? {} : { act_object: act.object }) };

type Who = { id: string; name: string };
/** Whose passkey it would have been is not known. */
const NOBODY: Who = { id: '', name: '' };
