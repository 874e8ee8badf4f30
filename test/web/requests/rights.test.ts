import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { Value } from 'typebox/value';
import {
  CONTROL,
  type ControlName,
  STREAMS,
  type StreamName,
} from '../../../daemon/domain/operations/control.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { boxRights, FOUNDER } from '../../../daemon/domain/people/person.js';
import { ADMISSION } from '../../../daemon/operations/admission.js';
import { addRecording, openDashboard } from '../../support/web/dashboard.js';

type Name = ControlName | StreamName;
type By = { person: string; token?: string };

const SHAPES = { ...CONTROL, ...STREAMS };
const isStream = (name: Name): name is StreamName => name in STREAMS;
const withRight = (fits: (right: string) => boolean) =>
  (Object.keys(ADMISSION) as Name[]).filter((name) => fits(ADMISSION[name]!.right));
const OF_THE_BOX = withRight((right) => boxRights.some((one) => one === right));
/** What is said in somebody's name. */
const SAID = withRight((right) => !['dashboard', 'shown', 'code'].includes(right));
/** Of these no token is enough: they are done in a session, or the call has to be reached too. */
const SESSION: readonly Name[] = [
  ...(['open_matter', 'widen_matter', 'hold_recordings', 'ask_release', 'release_matter'] as const),
  ...(['remove_mailing', 'send_mailing', 'make_report', 'make_answer', 'open_own_side'] as const),
  ...(['add_privacy', 'change_privacy', 'extend_privacy', 'exclude_call', 'close_privacy'] as const),
  ...(['save_letter', 'save_organisation', 'redacted_versions'] as const),
];

/**
 * A recorder's half of a dashboard that has been taken over, with one recording: `ask` gives the error that comes of a request. Pia
 * is all that one can be, and has a token for each right of the box alone, as none can be made; Eve is an auditor; Gus hears extension
 * 999, on which nobody called; Ben was disabled.
 */
async function house(t: Test) {
  const d = await openDashboard(t);
  const add = (id: string, more: object) =>
    d.catalogue.people.add({ ...FOUNDER, id, name: id, passwordHash: 'x', createdAt: d.clock.ms, ...more });
  await add('pia', { roles: ['admin', 'reviewer', 'auditor', 'agent'] });
  const reach = { extensions: ['999'], scope: { ...FOUNDER.scope, all: false, extensions: ['999'] } };
  await add('gus', { ...reach, roles: ['reviewer', 'agent'] });
  await add('eve', { roles: ['auditor'] });
  await add('ben', {});
  await d.catalogue.people.change('ben', { disabled: true }, d.clock.ms);
  Object.assign(d.catalogue.tokens, {
    of: async () => boxRights.map((right) => ({ id: right, rights: [right], expiresAt: d.clock.ms + 1 })),
  });
  const { call, recording } = await addRecording(d, Buffer.from('sound'));
  const db = new Database(catalogueFile(d.dataDir), { readonly: true });
  t.teardown(() => db.close());
  return {
    written: () => db.pragma('data_version', { simple: true }),
    async ask(name: Name, by: By | undefined): Promise<string> {
      const about = {
        call: call.id,
        recording: recording.id,
        ...(name === 'give_out' && { object: 'audit' }),
      };
      const made = Value.Create(SHAPES[name].body) as object;
      const known = Object.fromEntries(Object.entries(about).filter(([key]) => key in made));
      const body = { ...made, ...known, by: by && { session: 'S', address: '', ...by } };
      const gone = new AbortController().signal;
      const asked = isStream(name) ? d.streams[name](body as never, gone) : d.ask(name, body as never);
      return (asked as Promise<unknown>).then(
        () => '',
        (e: { code?: string; name: string }) => e.code ?? e.name,
      );
    },
  };
}

t.test('what needs a right of the box is refused without it, whatever else somebody may do', async (t) => {
  const { ask } = await house(t);
  for (const name of OF_THE_BOX) {
    const { right } = ADMISSION[name]!;
    for (const only of boxRights) {
      const code = await ask(name, { person: 'pia', token: only });
      const enough = only === right && !SESSION.includes(name);
      t.equal(code === 'forbidden', !enough, `${name}, by a token for ${only}: ${code}`);
    }
    if (!SESSION.includes(name)) continue;
    const [all, auditor] = [await ask(name, { person: 'pia' }), await ask(name, { person: 'eve' })];
    t.not(all, 'forbidden', `${name}, by somebody who may do all`);
    t.equal(auditor === 'forbidden', right === 'settings', `${name}, by an auditor: ${auditor}`);
  }
});

t.test('whoever may not, has left, or is not named is refused, and nothing is written', async (t) => {
  const { ask, written } = await house(t);
  let before = written();
  /** What somebody is told for whom the thing is not there. */
  const absent = ['call_unknown', 'recording_absent', 'approval_unknown', 'not_found'];
  /** The same of what is theirs: they have not shown who they are, or not sent what the thing needs. */
  const unproved = ['not_found', 'proof_needed', 'old_password_wrong', 'factor_wrong', 'request_invalid'];
  for (const name of SAID) {
    const { right } = ADMISSION[name]!;
    const ofBox = OF_THE_BOX.includes(name);
    const wanted = ofBox || right === 'object' ? ['forbidden'] : right === 'own' ? unproved : absent;
    const code = await ask(name, { person: 'gus' });
    // Whoever may approve nothing is shown no approval.
    t.ok(
      [...wanted, ...(name === 'approvals' ? [''] : [])].includes(code),
      `${name}, by who reaches nothing: ${code}`,
    );
    for (const person of ['ben', 'zoe']) t.equal(await ask(name, { person }), 'not_signed_in', name);
    if (!isStream(name)) t.equal(await ask(name, undefined), 'request_invalid', `${name}, in no name`);
    // A wrong password is on record.
    if (name === 'change_password') before = written();
    t.equal(written(), before, `${name}: nothing is written`);
    if (ofBox) continue;
    const byToken = await ask(name, { person: 'pia', token: 'people' });
    t.ok(
      ['forbidden', 'proof_needed'].includes(byToken),
      `${name}, by a token for something else: ${byToken}`,
    );
  }
});
