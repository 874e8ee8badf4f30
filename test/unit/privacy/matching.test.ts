import t from 'tap';
import { fateOf, matcher, matching, searchesFor } from '../../../daemon/domain/privacy/matching.js';
import {
  answerFault,
  factsFault,
  MOST_CALLS,
  type PrivacyAnswer,
  type PrivacyFacts,
  type PrivacyRequest,
} from '../../../daemon/domain/privacy/request.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';

const TODAY = '2026-11-28';
const FACTS: PrivacyFacts = {
  ...{ kind: 'access', name: 'Ann Example', contact: '', identity: 'Called back' },
  ...{ numbers: ['+49 30 1234567'], from: null, to: null, manner: 'email', received: '2026-11-20' },
  confirmed: null,
};
const ASKED = { ...FACTS, region: 'DE', zone: 'Europe/Berlin' };
const party = (number: string, name = '') => ({ number, name, ours: false });
const with_ = (number: string) => aCall('C', { them: party(number), legs: [] });

t.test('a call matches by the number in any notation, and by no other that ends like it', async (t) => {
  const matches = matcher(ASKED);
  for (const number of ['+49301234567', '030 1234567', '004930 1234567', '4930-1234567'])
    t.equal(matches(with_(number)), true, number);
  for (const number of ['1234567', '+49401234567', '+4330 1234567', '130 1234567', '', 'anonymous'])
    t.equal(matches(with_(number)), false, number);
  const leg = { id: 'L', endpoint: 'x', seenAt: 1, upAt: 2, goneAt: 3 };
  const joined = aCall('C', {
    them: party('101'),
    legs: [{ ...leg, party: party('0301234567') }],
  });
  t.equal(matches(joined), true, 'who came in later counts too');
  t.equal(matcher({ ...ASKED, numbers: ['+49 30 7654321', '030 1234567'] })(joined), true, 'several numbers');
});

t.test(
  'an employee is found by their extension on its PBX, and nobody by what only looks like one',
  async (t) => {
    const ours = (number: string, pbx = '') => ({
      ...aCall('C', { them: party('0407777777'), us: { ...party(number), ours: true }, legs: [] }),
      pbx,
    });
    const matches = matcher({ ...ASKED, numbers: ['Ext. 201', 'ext branch/300'] });
    t.equal(matches(ours('201')), true);
    t.equal(matches(ours('300', 'branch')), true);
    for (const call of [ours('300'), ours('201', 'branch'), ours('1201'), with_('201'), with_('+4930201')])
      t.equal(matches(call), false, `${call.pbx}/${call.us.number} and ${call.them.number}`);
    t.equal(
      matcher({ ...ASKED, numbers: ['201'] })(ours('201')),
      true,
      'as before, where it is a number too',
    );
    t.same(
      searchesFor({ ...ASKED, numbers: ['ext. branch/300'] }).map(({ text }) => text),
      ['300'],
    );
  },
);

t.test('the window is of whole days at the site', async (t) => {
  const matches = matcher({ ...ASKED, from: '2026-10-24', to: '2026-10-25' });
  const began = (time: string) => ({ ...with_('0301234567'), startedAt: Date.parse(time) });
  t.equal(matches(began('2026-10-23T21:59:59Z')), false);
  t.equal(matches(began('2026-10-23T22:00:00Z')), true);
  t.equal(matches(began('2026-10-25T22:59:59Z')), true, 'the day has 25 hours');
  t.equal(matches(began('2026-10-25T23:00:00Z')), false);
});

t.test('calls of several numbers are one list, newest first, with an end', async (t) => {
  const calls = Array.from({ length: MOST_CALLS + 5 }, (_, n) => ({
    ...with_(n % 2 ? '+49301234567' : '+49307654321'),
    ...{ id: `C${n}`, startedAt: n },
  }));
  const asked = { ...ASKED, numbers: ['030 / 123-4567', '+49 (30) 7654321'] };
  t.same(
    searchesFor(asked).map(({ text }) => text),
    ['0301234567', '+49307654321'],
  );
  const found = matching(asked, [
    ...calls,
    { ...with_('+49401234567'), id: 'other', startedAt: 1 },
    calls[3]!,
  ]);
  t.equal(found.calls.length, MOST_CALLS);
  t.equal(found.more, true);
  t.equal(found.calls[0]!.id, `C${MOST_CALLS + 4}`);
  t.notOk(found.calls.some(({ id }) => id === 'other'));
});

t.test('what becomes of a call says why', async (t) => {
  const coverage = { status: 'excluded' as const, why: because('not_asked_for'), rule: null, missingMs: 0 };
  const recording = aRecording('R', 'C');
  const erases = { kind: 'erasure' as const };
  const held = because('legal_hold', { matters: ['Smith'] });
  const out = { callId: 'C', reason: 'Shared line', by: 'Ada', at: 1 };
  const fate = (
    of: Pick<PrivacyRequest, 'kind'>,
    more: Partial<Parameters<typeof fateOf>[1]>,
    guard = held,
  ) => fateOf(of, { coverage, recording, ...more }, null, guard).fate;
  t.equal(fate(FACTS, {}), 'give', 'a held recording can be given');
  t.equal(fate(erases, {}), 'kept');
  t.equal(fate({ kind: 'delete' }, {}, null as never), 'erase');
  t.equal(fate(erases, { recording: null }), 'nothing');
  t.equal(fate(FACTS, { recording: { ...recording, state: 'erased' } }), 'gone');
  t.equal(fateOf(FACTS, { coverage, recording }, out, null).fate, 'left_out');
  t.match(fateOf(erases, { coverage, recording }, null, held), { why: held });
});

t.test('what cannot be counted or found is not entered', async (t) => {
  const fault = (more: Partial<PrivacyFacts>) => factsFault({ ...FACTS, ...more }, 'DE', TODAY);
  t.equal(fault({}), null);
  t.match(fault({ numbers: ['030 1234567', '44'] }), /"44" is not a complete telephone number/);
  t.match(fault({ numbers: ['<script>'] }), /not a complete/);
  t.equal(fault({ numbers: ['ext. 44', 'EXT branch/201'] }), null);
  for (const odd of ['ext. 4', 'ext. 1234567', 'ext. a/b/201', 'text 201', 'ext. Branch/201'])
    t.match(fault({ numbers: [odd] }), /not a complete/, odd);
  t.match(fault({ received: '2026-11-29' }), /in the future/);
  t.match(fault({ received: '2026-02-30' }), /is not a day/);
  t.match(fault({ from: '2026-02-30' }), /is not a day/);
  t.match(fault({ from: '2026-05-03', to: '2026-05-02' }), /before the first/);
  t.equal(fault({ from: '2026-05-03', to: '2026-05-03' }), null);
});

t.test(
  'an answer has its grounds where something was refused, and an identity where something is given',
  async (t) => {
    const request = { ...ASKED, state: 'open', extended: null, closed: null } as unknown as PrivacyRequest;
    const answer: PrivacyAnswer = { day: TODAY, outcome: 'given', grounds: [], note: '' };
    const fault = (more: Partial<PrivacyAnswer>, of: Partial<PrivacyRequest> = {}) =>
      answerFault({ ...request, ...of }, { ...answer, ...more }, TODAY);
    t.equal(fault({}), null);
    t.match(fault({ day: '2026-11-19' }), /before the request was received/);
    t.match(fault({ day: '2026-11-29' }), /in the future/);
    t.match(fault({ outcome: 'refused' }), /Say why/);
    t.match(fault({ grounds: ['identity'] }), /nothing was refused/);
    t.match(fault({ outcome: 'erased' }), /does not ask for erasure/);
    t.equal(fault({ outcome: 'erased' }, { kind: 'delete' }), null);
    t.match(fault({}, { identity: '' }), /identity/);
    t.equal(fault({ outcome: 'refused', grounds: ['identity'] }, { identity: '' }), null);
    t.equal(fault({ outcome: 'withdrawn' }, { identity: '' }), null);
  },
);
