import t from 'tap';
import { callTime } from '../../../daemon/domain/importing/call-time.js';
import { cdrMatcher, type ImportCdr } from '../../../daemon/domain/importing/cdr-match.js';
import { readFileName } from '../../../daemon/domain/importing/file-name.js';
import { importedCall } from '../../../daemon/domain/importing/imported-call.js';
import { type Person, reach, type Scope } from '../../../daemon/domain/people/person.js';
import { reachKeys, reachOf, sightOf } from '../../../daemon/domain/people/reach.js';
import { anImport } from '../../support/catalogue/imported-row.js';
import { person } from '../../support/web/reach.js';

const AT = Date.parse('2024-01-10T09:11:12Z');
const ID = '1704877872.12';

const cdr = (given: Partial<ImportCdr>): ImportCdr => ({
  ...{ pbx: '', linkedid: ID, uniqueid: ID, name: '', context: 'from-trunk', app: 'Dial' },
  ...{ channel: 'PJSIP/trunk-00000012', peer: 'PJSIP/101-00000013', src: '0301234', dst: '101' },
  ...{ startAt: AT, answerAt: AT + 8_000, endAt: AT + 68_000, disposition: 'ANSWERED', ahead: 0, file: '' },
  ...given,
});
const unanswered = { answerAt: null, disposition: 'NO ANSWER', endAt: AT + 8_000 };

function imported(front: string, cdrs: ImportCdr[] = [], pbx = '') {
  const path = `${front}-20240110-101112-${ID}.wav`;
  const name = readFileName(path);
  const time = callTime(name, 'Europe/Berlin', { writtenAt: AT + 60_000, durationMs: 60_000 });
  const match = cdrMatcher(cdrs, 'DE')(path, name, time.startedAt);
  const given = { id: 'CALL', pbx, name, time, match, durationMs: 60_000, trunkContexts: ['from-trunk'] };
  return { ...importedCall(given), imported: anImport, recording: { durationMs: 60_000 } };
}
type Call = ReturnType<typeof imported>;

const reviewer = (scope: Partial<Scope>): Person =>
  person({ roles: ['reviewer'], scope: { all: false, extensions: [], queues: [], dids: [], ...scope } });
const agent = (extension: string): Person => person({ roles: ['agent'], extensions: [extension] });

/** What somebody has of a call: nothing, its row alone, or all of it. The list of calls and the call itself say the same. */
function has(who: Person, call: Call): 'nothing' | 'row' | 'all' {
  const stretches = reach(who, 'view', call);
  const mine = reachOf(who, 'view');
  const listed =
    mine === 'all' ||
    mine.some((key) => reachKeys(call).some(({ kind, name }) => kind === key.kind && name === key.name));
  if (listed !== stretches.length > 0) throw new Error('the list says something else than the call');
  if (stretches.length === 0) return 'nothing';
  const { hears } = sightOf(who, call);
  return hears === 'all' ? 'all' : hears === 'none' ? 'row' : (`part of it` as never);
}

const table: [what: string, call: Call, has: Record<string, 'nothing' | 'row' | 'all'>][] = [
  ['a call to 101, by its name alone', imported('external-101-0301234'), { 101: 'all', 102: 'nothing' }],
  ['a call from 101, by its name alone', imported('out-0301234-101'), { 101: 'all', 102: 'nothing' }],
  [
    '101 and 102, by the name alone',
    imported('internal-102-101'),
    { 101: 'all', 102: 'all', 103: 'nothing' },
  ],
  [
    'a call that 101 answered, by its CDR',
    imported('in-0309999-0301234', [cdr({})]),
    { 101: 'all', 102: 'nothing' },
  ],
  [
    '102 rang, and 101 answered',
    imported('q-600-0301234', [cdr({ ...unanswered, peer: 'PJSIP/102-00000011' }), cdr({})]),
    { 101: 'all', 102: 'row', 103: 'nothing' },
  ],
  [
    '101 answered and gave the call to 102: whose words are whose is not known',
    imported('in-0309999-0301234', [
      cdr({}),
      cdr({
        uniqueid: '1704877900.20',
        peer: 'PJSIP/102-00000020',
        startAt: AT + 68_000,
        endAt: AT + 90_000,
      }),
    ]),
    { 101: 'row', 102: 'row', 103: 'nothing' },
  ],
  [
    '101 called the queue, 102 rang, and 103 answered',
    imported('q-600-101', [
      cdr({
        ...unanswered,
        channel: 'PJSIP/101-0000001a',
        src: '101',
        context: 'from-internal',
        peer: 'PJSIP/102-0000001b',
      }),
      cdr({
        channel: 'PJSIP/101-0000001a',
        src: '101',
        context: 'from-internal',
        peer: 'PJSIP/103-0000001c',
      }),
    ]),
    { 101: 'all', 102: 'row', 103: 'all', 104: 'nothing' },
  ],
];

t.test('an extension reaches exactly the imported calls that it took part in', async (t) => {
  for (const [what, call, wanted] of table)
    for (const [extension, right] of Object.entries(wanted)) {
      t.equal(has(agent(extension), call), right, `${what}: agent ${extension}`);
      t.equal(has(reviewer({ extensions: [extension] }), call), right, `${what}: reviewer of ${extension}`);
      t.equal(has(reviewer({ extensions: [`warehouse/${extension}`] }), call), 'nothing', 'another PBX');
    }
  const there = imported('external-101-0301234', [], 'warehouse');
  t.equal(has(reviewer({ extensions: ['101'] }), there), 'nothing', 'the same extension of another PBX');
  t.equal(has(reviewer({ extensions: ['warehouse/101'] }), there), 'all');
});

t.test('a queue and a number reach the calls that came through them', async (t) => {
  const queue = imported('q-600-0301234');
  t.equal(has(reviewer({ queues: ['600'] }), queue), 'all');
  t.equal(has(reviewer({ queues: ['601'] }), queue), 'nothing');
  t.equal(has(reviewer({ extensions: ['101'] }), queue), 'nothing', 'who answered is not known');
  const did = imported('in-0309999-0301234', [cdr({})]);
  t.equal(has(reviewer({ dids: ['0309999'] }), did), 'all');
  t.equal(has(reviewer({ dids: ['0308888'] }), did), 'nothing');
  for (const call of [queue, did]) {
    t.equal(has(reviewer({}), call), 'nothing', 'no scope is no call');
    t.equal(has(person({}), call), 'nothing');
    t.equal(has(reviewer({ all: true }), call), 'all');
    t.equal(has(person({ roles: ['auditor'] }), call), 'all');
  }
});
