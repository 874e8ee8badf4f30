import t from 'tap';
import { createNumbersInLists } from '../../../daemon/catalogue/listed.js';
import { createStandingByNumber } from '../../../daemon/catalogue/standing.js';
import {
  actIn,
  CONTROL,
  type ControlBody,
  type ControlHandlers,
  type ControlName,
  type ProvedName,
} from '../../../daemon/domain/operations/control.js';
import {
  type Act,
  type ActKind,
  actKinds as allKinds,
  exactKinds,
} from '../../../daemon/domain/people/act.js';
import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import { createApprovals } from '../../../daemon/requests/approvals.js';
import { createConsentRequests } from '../../../daemon/requests/policy/consents.js';
import { createListRequests } from '../../../daemon/requests/policy/lists.js';
import { createPromptRequests } from '../../../daemon/requests/policy/prompts.js';
import { createOlderRequests } from '../../../daemon/requests/recordings/older.js';
import { createRedactRequests } from '../../../daemon/requests/redact.js';
import { createMailingRequests } from '../../../daemon/requests/reports/mailings.js';
import { createEraseRequests } from '../../../daemon/requests/retention/erasing.js';
import { createRuleRequests } from '../../../daemon/requests/rules.js';
import { AUDITOR, type PeopleLab, PLACE, password, peopleLab } from '../../support/people-lab.js';
import { createAuthenticator } from '../../support/web/authenticator.js';

const MINUTE = 60_000;
const actKinds = allKinds.filter((kind) => !exactKinds.includes(kind));
/** Exact proofs are tried in approvals.test. */
type GeneralName = Exclude<ProvedName, 'approve'>;
/** All requests that need a general proof: a new one has to be given a body in `bodies`. */
const names = (Object.keys(CONTROL) as ControlName[]).filter((name): name is GeneralName => {
  const { proof } = CONTROL[name];
  return proof !== null && !exactKinds.includes(proof.kind);
});
/** A first second factor may be added by the password of the sign-in. */
const ENROLLING: readonly GeneralName[] = ['begin_passkey', 'begin_totp'];

const bodies = (by: { person: string; session: string; address: string }) =>
  ({
    add_person: { by, name: 'Ben', rights: AUDITOR },
    change_person: { by, id: 'gus', name: 'Gus', rights: AUDITOR },
    invite_person: { by, id: 'gus' },
    remove_person: { by, id: 'gus' },
    set_factor_roles: { by, roles: ['agent'] },
    make_token: { by, name: 'wall', rights: [], days: 1 },
    begin_passkey: { by, place: PLACE },
    begin_totp: { by },
    remove_factor: { by, passkey: 'none of theirs' },
    new_recovery_codes: { by },
    save_policy: { by, policy: defaultPolicy, based_on: 7, no_emergency_numbers: false },
    save_approved: { by, approval: 'none' },
    save_mailing: {
      ...{ by, id: null, report: 'storage', period: 'last_month', day: 1, attach: false },
      recipients: [{ person: 'gus', address: 'gus@hartley.example' }],
    },
    run_retention: { by, confirm: 'erase-3' },
    activate_prompt: { by, kind: 'announce', language: 'en', hash: null },
    add_list: { by, list: 'VIP', note: '' },
    change_list: { by, list: 'VIP', note: 'Board' },
    put_listed: { by, list: 'VIP', entries: [], replace: false, dry_run: true },
    drop_listed: { by, list: 'VIP', number: '0301234567' },
    remove_list: { by, list: 'VIP' },
    add_consents: {
      ...{ by, document: null },
      entries: [
        {
          ...{ line: 1, kind: 'objection', number: '0301234567', contact: '', extensions: [], queues: [] },
          ...{ givenAt: 1, how: 'e-mail', until: null },
        },
      ],
    },
    withdraw_consent: { by, id: 1 },
    erase_document: { by, id: 1 },
    erase_calls: { by, calls: ['none'], reason: 'Asked for', confirm: 'erase 1' },
    erase_consent: { by, id: 1, reason: 'Asked for' },
    erase_older: { by, recording: 'another', reason: 'Not needed' },
    redact_recording: {
      ...{ by, recording: 'none', reason: 'Card number', older: 'destroy' },
      stretches: [{ side: 'both', from_ms: 0, until_ms: 9 }],
    },
  }) satisfies { [N in GeneralName]: ControlBody<N> };

/** What comes of each of these in a session of somebody. */
function asking(lab: PeopleLab) {
  const rules = createRuleRequests({
    ...lab.deps,
    site: { region: 'DE' },
    approvals: {
      ask: () => Promise.reject(new Error('no approval')),
      use: () => Promise.reject(new Error('no approval')),
      newest: () => Promise.reject(new Error('no approval')),
    },
    mint: () => 'J',
    jobs: { ask: () => Promise.reject(new Error('no job')), cancel: () => Promise.reject(new Error('none')) },
  });
  const none = async () => ({ erased: 0, failed: 0, left: 0, protected: 0 });
  const erasing = createEraseRequests({
    ...lab.deps,
    approvals: createApprovals({ ...lab.deps, alarms: { raise: () => {} }, mint: () => '' }),
    retain: { run: none, eraseAll: none },
    say: String,
  });
  const lists = createListRequests({
    ...lab.deps,
    lists: createNumbersInLists({ ...lab.deps, region: 'DE' }),
    site: { region: 'DE' },
  });
  const prompts = createPromptRequests({
    ...lab.deps,
    makePrompt: () => Promise.reject(new Error('no prompt')),
    speakPrompt: () => Promise.reject(new Error('no prompt')),
    keepPrompt: async () => {},
  });
  const never = async () => Promise.reject(new Error('no document'));
  const consents = createConsentRequests({
    ...lab.deps,
    standing: createStandingByNumber({ ...lab.deps, region: 'DE' }),
    site: { region: 'DE' },
    documents: { keep: never, read: never, destroy: never },
    mint: () => '',
  });
  const redactions = createRedactRequests({
    ...lab.deps,
    mint: () => '',
    redactor: { redact: () => Promise.reject(new Error('no redaction')) },
  });
  const older = createOlderRequests({
    ...{ ...lab.deps, approvals: { ask: never, use: never, newest: never } as never },
    ...{ identity: never, taking: { take: () => {} }, eraseVersion: never },
  });
  const handlers = {
    ...lab.handlers,
    ...rules,
    ...erasing,
    ...lists,
    ...prompts,
    ...consents.handlers,
    ...redactions,
    ...older,
    ...createMailingRequests({
      ...{ ...lab.deps, mailOn: false, mint: () => '', site: { timeZone: 'UTC' } },
      mailings: { sendNow: never, changed: () => {} },
    }),
  } as Pick<ControlHandlers, GeneralName>;
  return async (name: GeneralName, session: string, person = 'ada') => {
    const body = bodies(lab.by(person, { session }))[name];
    const answer = await (handlers[name] as (body: unknown) => Promise<unknown>)(body).catch((e) => e);
    return { code: (answer as { code?: string }).code ?? 'done', act: (answer as { act?: Act }).act };
  };
}
const actOf = (name: GeneralName): Act => actIn(name, bodies({ person: '', session: '', address: '' })[name]);
const kindOf = (name: GeneralName): ActKind => actOf(name).kind;

t.test('every kind of act is that of a request, and all of them need a proof', async (t) => {
  const lab = await peopleLab(t);
  const come = asking(lab);
  for (const name of ['ada', 'gus']) await lab.add(name);
  t.strictSame([...new Set(names.map(kindOf))].sort(), [...actKinds].sort());
  for (const name of names)
    t.match(await come(name, 'new'), { code: 'proof_needed', act: actOf(name) }, `${name} says which`);
  await lab.prove('ada', { password }, { session: 'begun', begins: true });
  for (const name of names)
    t.equal(
      (await come(name, 'begun')).code === 'proof_needed',
      !ENROLLING.includes(name),
      `${name}: a sign-in is for no act but adding a first factor`,
    );
});

t.test('a proof of one kind counts for no other', async (t) => {
  const lab = await peopleLab(t);
  const come = asking(lab);
  for (const name of ['ada', 'gus']) await lab.add(name);
  for (const kind of actKinds) {
    const theirs = names.filter((name) => kindOf(name) === kind);
    for (const first of theirs) {
      const session = `for ${first}`;
      await lab.prove('ada', { password }, { session, act: actOf(first) });
      t.match(await lab.entry(), { action: 'second_factor', detail: { with: ['password'], act: kind } });
      for (const name of names.filter((one) => kindOf(one) !== kind))
        t.match(
          await come(name, session),
          { code: 'proof_needed', act: actOf(name) },
          `${first} is not ${name}`,
        );
      for (const name of theirs.filter((one) => actOf(one).object !== actOf(first).object))
        t.equal((await come(name, session)).code, 'proof_needed', `${first} first, then ${name}`);
    }
    for (const first of theirs) {
      const session = `for ${first}`;
      t.not((await come(first, session)).code, 'proof_needed', first);
      for (const name of theirs)
        t.not((await come(name, session)).code, 'proof_needed', `${name} after ${first}`);
      t.equal((await come(first, 'another')).code, 'proof_needed', `${first} in another session`);
      t.equal((await come(first, session, 'gus')).code === 'done', false, `${first} by another person`);
    }
    // The next kind is about somebody who is there.
    if (kind === 'people') await lab.add('gus');
  }
  lab.clock.ms += 10 * MINUTE + 1;
  for (const name of names)
    t.equal((await come(name, `for ${name}`)).code, 'proof_needed', `${name} eleven minutes later`);
});

t.test('a code counts for the act that it was given for, once', async (t) => {
  const lab = await peopleLab(t);
  const come = asking(lab);
  await lab.add('ada');
  await lab.prove('ada', { password });
  const code = await lab.withApp('ada');
  const given = code();
  const session = 'with a code';
  await lab.prove('ada', { code: given }, { session, act: actOf('make_token') });
  t.match(await lab.entry(), { detail: { with: ['totp'], act: 'tokens' } });
  await t.rejects(lab.prove('ada', { code: given }, { session, act: actOf('save_policy') }), {
    code: 'factor_wrong',
  });
  t.match(await lab.entry(), { outcome: 'refused', detail: { act: 'rules', act_object: '7' } });
  t.equal((await come('save_policy', session)).code, 'proof_needed');
  t.equal((await come('make_token', session)).code, 'done');
  t.equal((await come('make_token', session)).code, 'proof_needed', 'one code is one token');
  t.equal(
    (await come('begin_totp', session)).code,
    'proof_needed',
    'nor is a sign-in enough for a second one',
  );
});

t.test('what a passkey has signed counts for what it was asked for, once', async (t) => {
  const lab = await peopleLab(t);
  const come = asking(lab);
  for (const name of ['ada', 'gus']) await lab.add(name);
  const key = createAuthenticator();
  await lab.catalogue.factors.addPasskey({
    ...{ id: key.id, userId: 'ada', name: 'laptop', publicKey: key.publicKey, counter: 0, transports: [] },
    ...{ host: PLACE.host, addedAt: lab.clock.ms, usedAt: null },
  });
  const session = 's';
  const sign = async (act: Act | null, asked: { person: string | null; session: string | null }) => {
    const { options } = await lab.ask('ask_passkey', { ...asked, place: PLACE, act });
    return { passkey: key.sign(String(options.challenge), PLACE, 'ada') };
  };
  const adas = { person: 'ada', session };
  const rename = actOf('change_person');
  const refused = { code: 'passkey_refused' };
  for (const [act, more, why] of [
    [actOf('save_policy'), {}, 'another kind'],
    [{ ...actOf('save_policy'), object: rename.object }, {}, 'another kind, on the same'],
    [{ ...rename, object: 'ada' }, {}, 'another object'],
    [{ ...rename, object: '' }, {}, 'no object'],
    [null, {}, 'a second factor of a sign-in'],
    [null, { begins: true }, 'a sign-in'],
    [rename, { session: 'another' }, 'another session'],
  ] as const) {
    const signed = await sign(rename, adas);
    await t.rejects(lab.prove('ada', signed, { session, act, ...more }), refused, why);
    await t.rejects(lab.prove('ada', signed, { session, act: rename }), refused, `${why}: used up by that`);
  }
  for (const asked of [adas, { person: null, session: null }])
    await t.rejects(
      lab.prove('ada', await sign(null, asked), { session, act: rename }),
      refused,
      'what was signed to sign in',
    );
  const before = await sign(rename, adas);
  await lab.ask('shut_out', { by: { console: 'root' } as never, id: 'ada' });
  const { epoch } = (await lab.catalogue.people.standing('ada'))!;
  await t.rejects(
    lab.prove('ada', before, { session, act: rename, epoch }),
    refused,
    'before they were shut out',
  );
  t.equal((await come('change_person', session)).code, 'proof_needed', 'none of these counts');
  for (const asked of [
    { person: null, session },
    { person: 'ada', session: null },
  ])
    await t.rejects(sign(rename, asked), { code: 'request_invalid' }, 'an act is of somebody');

  const signed = await sign(rename, adas);
  t.match(await lab.prove('ada', signed, { session, act: rename }), { proofs: ['passkey'] });
  t.match(await lab.entry(), { detail: { with: ['passkey'], act: 'people', act_object: 'gus' } });
  await t.rejects(lab.prove('ada', signed, { session, act: rename }), refused, 'a second time');
  t.equal((await come('add_person', session)).code, 'proof_needed', 'of the kind, but not what it names');
  t.equal((await come('save_policy', session)).code, 'proof_needed');
  t.equal((await come('change_person', session)).code, 'done');
  t.equal((await come('add_person', session)).code, 'proof_needed', 'and that is all');
  t.equal((await come('change_person', session)).code, 'proof_needed');
});
