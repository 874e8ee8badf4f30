import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ulid } from 'ulid';
import {
  actIn,
  type ControlBody,
  type ControlHandlers,
  type ProvedName,
} from '../../../daemon/domain/operations/control.js';
import type { Act } from '../../../daemon/domain/people/act.js';
import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import { createApprovals } from '../../../daemon/requests/approvals.js';
import { createConsentRequests } from '../../../daemon/requests/policy/consents.js';
import { createListRequests } from '../../../daemon/requests/policy/lists.js';
import { createPromptRequests } from '../../../daemon/requests/policy/prompts.js';
import { createRuleRequests } from '../../../daemon/requests/rules.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { tablesOf } from '../../support/catalogue/tables.js';
import { AUDITOR, password, peopleLab } from '../../support/people-lab.js';
import { numbersIn } from '../../support/requests/in-memory.js';

const PDF = Buffer.from('%PDF-1.7 <script>alert(1)</script>');
const HASH = 'a'.repeat(64);
const SESSION = 'theirs';
const TOKEN = { id: 'T', rights: ['oversee' as const], expiresAt: Date.UTC(2027, 1, 1) };
const entry = { line: 1, contact: 'Ann', extensions: [], queues: [], givenAt: 1, how: 'e-mail', until: null };
const one = (more: object) => ({ ...entry, kind: 'objection' as const, number: '030 1234567', ...more });

type By = ReturnType<Awaited<ReturnType<typeof peopleLab>>['by']>;
type Wanted = { [N in ProvedName]?: { [what: string]: (by: By) => ControlBody<N> } };

/** All by which a dashboard could have more captured, fewer people told, or what was said of it destroyed. */
const WANTED = {
  erase_consent: { 'erase an objection': (by) => ({ by, id: 1, reason: 'Asked' }) },
  withdraw_consent: { 'withdraw an objection': (by) => ({ by, id: 1 }) },
  erase_document: { 'destroy a signed document': (by) => ({ by, id: 1 }) },
  add_consents: {
    'add a consent': (by) => ({ by, document: null, entries: [one({ kind: 'consent' })] }),
    'add a consent with a document': (by) => ({
      ...{ by, document: PDF.toString('base64') },
      entries: [one({ kind: 'consent' })],
    }),
    'import consents': (by) => ({
      ...{ by, document: null },
      entries: Array.from({ length: 50 }, (_, i) =>
        one({ kind: 'consent', line: i + 2, number: `030 55${i + 10}` }),
      ),
    }),
  },
  save_policy: {
    'tell nobody': (by) => ({
      ...{ by, based_on: 1, no_emergency_numbers: false },
      policy: { ...defaultPolicy, telling: { mode: 'silent', silent_confirmed: true } },
    }),
  },
  activate_prompt: {
    'play another prompt': (by) => ({ by, kind: 'announce', language: 'en', hash: HASH }),
    "play Tapedeck's own prompt": (by) => ({ by, kind: 'announce', language: 'en', hash: null }),
  },
  put_listed: {
    'replace a list': (by) => ({
      ...{ by, list: 'VIP', replace: true, dry_run: false },
      entries: [{ line: 1, number: '030 99', note: '', until: null }],
    }),
    'look whether numbers are on lists': (by) => ({
      ...{ by, list: 'VIP', replace: false, dry_run: true },
      entries: [{ line: 1, number: '030 98', note: '', until: null }],
    }),
  },
  drop_listed: { 'take a number off a list': (by) => ({ by, list: 'VIP', number: '030 77' }) },
} satisfies Wanted;
type Name = keyof typeof WANTED;
const wanted = (Object.keys(WANTED) as Name[]).flatMap((name) =>
  Object.entries(WANTED[name] as Record<string, (by: By) => ControlBody<Name>>).map(([what, body]) => ({
    ...{ name, what, body },
  })),
);

/** A recorder with an objection and its document, a list and a prompt; and who a dashboard could say that it asks for. */
async function recorder(t: Test) {
  const lab = await peopleLab(t);
  const dataDir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(dataDir, { recursive: true }));
  const keys = createKeys({ path: join(dataDir, 'keys', 'keys.db'), masterKey: Buffer.alloc(32, 7) });
  keys.start();
  t.teardown(() => keys.stop());
  const clock = () => lab.clock.ms;
  const { lists, standing, documents } = numbersIn(lab.catalogue, { region: 'DE', clock, dataDir, keys });
  const site = { region: 'DE' };
  const consents = createConsentRequests({ ...lab.deps, site, standing, documents, mint: ulid });
  const none = () => Promise.reject(new Error('There is none.'));
  const approvals = createApprovals({ ...lab.deps, alarms: { raise: () => {} }, mint: ulid });
  const handlers = {
    ...createRuleRequests({ ...lab.deps, site, jobs: { ask: none, cancel: none }, approvals, mint: ulid }),
    ...createListRequests({ ...lab.deps, lists, site }),
    ...createPromptRequests({ ...lab.deps, makePrompt: none, speakPrompt: none, keepPrompt: none }),
    ...consents.handlers,
  } as Pick<ControlHandlers, Name>;
  const box = { console: 'root' };
  await lab.add('ada');
  await lab.add('gus', AUDITOR);
  await consents.handlers.add_consents({ by: box, document: PDF.toString('base64'), entries: [one({})] });
  await lab.catalogue.lists.save({ name: 'VIP', note: '', addedAt: 1, addedBy: 'ADA' });
  await lab.catalogue.lists.put('VIP', [{ number: '030 77', note: '', until: null }], 'ADA', 1, false);
  await lab.catalogue.prompts.add({
    ...{ hash: HASH, kind: 'announce', language: 'en', name: 'Silence', text: '', bytes: 9, durationMs: 9 },
    saysPurpose: false,
    ...{ addedAt: 1, addedBy: 'ADA' },
  });
  await lab.catalogue.tokens.add({ ...TOKEN, userId: 'ada', name: 'wall', createdAt: 1 }, 'h');
  const ask = (name: Name, body: ControlBody<Name>) =>
    (handlers[name] as (body: unknown) => Promise<unknown>)(body).then(
      () => 'done',
      (e) => e.code ?? String(e),
    );
  return {
    ...{ ...lab, ask, dataDir, standing, streams: consents.streams, handlers: consents.handlers },
    by: (person = 'ada', more: { token?: string } = {}) => lab.by(person, { session: SESSION, ...more }),
    proveFor: (act: Act, person = 'ada', session = SESSION) =>
      lab.prove(person, { password }, { session, act }),
    /** What there is, but for what people have proved. */
    kept: () => [
      tablesOf(lab.db, { without: ['audit', 'audit_log', 'audit_entries'] }),
      readdirSync(join(dataDir, 'documents')),
      standing.holding('030 1234567', lab.clock.ms, null),
    ],
  };
}

t.test(
  'nothing by which more is captured or fewer are told is done on the word of the dashboard',
  async (t) => {
    const lab = await recorder(t);
    const before = lab.kept();
    const refused = async (says: string, code: string, by: By) => {
      for (const { name, what, body } of wanted)
        t.equal(await lab.ask(name, body(by)), code, `${what}, ${says}`);
      t.strictSame(lab.kept(), before, `${says}: nothing has changed`);
    };
    await refused('without a proof', 'proof_needed', lab.by());
    await refused('as somebody without the right', 'forbidden', lab.by('gus'));
    await refused('as somebody who is not there', 'not_signed_in', lab.by('nobody'));
    await refused('with a token that is not there', 'not_signed_in', lab.by('ada', { token: 'U' }));
  },
);

for (const { name, what, body } of wanted)
  t.test(`a dashboard can ${what} by a proof for exactly that, and by no other`, async (t) => {
    const lab = await recorder(t);
    const asked = body(lab.by());
    const act = actIn(name, asked as never);
    const before = lab.kept()[2];
    const refused = async (says: string, code = 'proof_needed', by = lab.by()) =>
      t.equal(await lab.ask(name, body(by)), code, says);
    await lab.prove('ada', { password }, { session: SESSION, begins: true });
    await refused('a sign-in is no proof');
    await lab.proveFor({ kind: act.kind === 'rules' ? 'erasing' : 'rules', object: act.object });
    await refused('a proof for another kind of act');
    await lab.proveFor({ kind: act.kind, object: 'another' });
    await refused('a proof for another object');
    await lab.proveFor(act, 'ada', 'another session');
    await refused('a proof in another session');
    await lab.proveFor(act, 'gus');
    await refused('a proof of somebody else');
    t.strictSame(lab.kept()[2], before);
    await lab.proveFor(act);
    await refused(
      'with an API token of theirs, after a proof',
      'forbidden',
      lab.by('ada', { token: TOKEN.id }),
    );
    await refused('as somebody without the right, after a proof', 'forbidden', lab.by('gus'));
    lab.clock.ms += 10 * 60_000 + 1;
    await refused('a proof of eleven minutes ago');
    await lab.proveFor(act);
    const answer = await lab.ask(name, body(lab.by()));
    t.ok(['done', 'policy_conflict', 'policy_changed', 'policy_stale'].includes(answer), answer);
  });

t.test('a signed document is given to nobody without the right, and each time is on record', async (t) => {
  const lab = await recorder(t);
  const read = (by: By) => lab.streams.read_document({ by, id: 1 }, new AbortController().signal);
  await lab.add('eve', { ...AUDITOR, roles: ['agent'] });
  const size = await lab.size();
  await t.rejects(read(lab.by('eve')), { code: 'forbidden' });
  await t.rejects(read(lab.by('nobody')), { code: 'not_signed_in' });
  t.equal(await lab.size(), size);
  await read(lab.by());
  t.match(await lab.entry(), { action: 'export', actor_id: 'ada', object: 'consent', object_id: '1' });
});

t.test('what a dashboard sends as entries or as a document is checked by the recorder itself', async (t) => {
  const lab = await recorder(t);
  const by = { console: 'root' };
  const add = async (more: object, document: string | null = null) =>
    lab.handlers.add_consents({ by, document, entries: [one(more)] });
  const before = lab.kept();
  for (const [more, says] of [
    [{ number: '=cmd|x' }, 'a formula for a number'],
    [{ number: '\u0000\n' }, 'no digits'],
    [{ how: '\u0007 \n' }, 'nothing but control characters'],
    [{ queues: ['\u202e'] }, 'a queue without a name'],
    [{ givenAt: lab.clock.ms + 1 }, 'of tomorrow'],
  ] as const)
    await t.rejects(add(more), { code: 'consent_invalid' }, says);
  for (const bytes of ['<html>', '%PD', 'MZ', 'GIF89a %PDF-1.7'])
    await t.rejects(add({}, Buffer.from(bytes).toString('base64')), { code: 'document_invalid' }, bytes);
  t.strictSame(lab.kept(), before);

  const { ids } = await add({
    ...{ number: '030\n98765', contact: 'Ann\u202e\u001b[2J Example', how: 'call\r\nInjected: 1' },
    ...{ extensions: ['10\u00001'] },
  });
  t.match(await lab.catalogue.consents.get(ids[0]!), {
    ...{ number: '030 98765', contact: 'Ann [2J Example', how: 'call Injected: 1', extensions: ['10 1'] },
  });
});
