import t from 'tap';
import { callTime } from '../../../daemon/domain/importing/call-time.js';
import { cdrMatcher, type ImportCdr } from '../../../daemon/domain/importing/cdr-match.js';
import { readFileName } from '../../../daemon/domain/importing/file-name.js';
import { importedCall } from '../../../daemon/domain/importing/imported-call.js';

const AT = Date.parse('2024-01-10T09:11:12Z');
const ZONE = 'Europe/Berlin';

const cdr = (given: Partial<ImportCdr>): ImportCdr => ({
  ...{
    pbx: '',
    linkedid: '1704877872.12',
    uniqueid: '1704877872.12',
    name: '',
    context: 'from-internal',
    app: 'Dial',
  },
  ...{ channel: 'PJSIP/101-00000012', peer: 'PJSIP/trunk-00000013', src: '101', dst: '0301234' },
  ...{ startAt: AT, answerAt: AT + 8_000, endAt: AT + 68_000, disposition: 'ANSWERED', ahead: 0, file: '' },
  ...given,
});

function imported(path: string, cdrs: ImportCdr[] = [], durationMs = 60_000) {
  const name = readFileName(path);
  const time = callTime(name, ZONE, { writtenAt: AT + 60_000, durationMs });
  const match = cdrMatcher(cdrs, 'DE')(path, name, time.startedAt);
  const call = importedCall({
    ...{ id: 'CALL', pbx: '', name, time, match, durationMs, trunkContexts: ['from-trunk'] },
  });
  return { call, match };
}
const file = (front: string, uniqueid = '1704877872.12') => `${front}-20240110-101112-${uniqueid}.wav`;

t.test('without a CDR, the name says who called whom', async (t) => {
  t.match(imported(file('out-0301234-101')).call, {
    ...{ direction: 'out', them: { number: '0301234', ours: false }, us: { number: '101', ours: true } },
    ...{ startedAt: AT, answeredAt: AT, endedAt: AT + 60_000, linkedids: ['1704877872.12'] },
  });
  t.match(imported(file('external-101-0171555')).call, {
    ...{ direction: 'in', them: { number: '0171555', ours: false }, us: { number: '101', ours: true } },
  });
  t.match(imported(file('internal-102-101')).call, {
    ...{ direction: 'internal', them: { number: '101', ours: true }, us: { number: '102', ours: true } },
  });
  t.match(imported(file('q-600-0171555')).call, { direction: 'in', queue: '600' });
  t.match(imported(file('in-0309999-0171555')).call, { direction: 'in', did: '0309999' });
  t.match(imported(file('exten-101-unknown')).call, { direction: 'in', them: { number: '' } });
});

t.test('a CDR is found by uniqueid, by linkedid, by the file name and by the numbers', async (t) => {
  const by = (path: string, rows: ImportCdr[]) => imported(path, rows).match.by;
  t.equal(by(file('out-0301234-101'), [cdr({})]), 'uniqueid');
  t.equal(by(file('out-0301234-101'), [cdr({ uniqueid: '1704877872.13' })]), 'linkedid');
  const other = { uniqueid: '1704877999.1', linkedid: '1704877999.1' };
  t.equal(by(file('out-0301234-101'), [cdr({ ...other, file: file('out-0301234-101') })]), 'file');
  t.equal(by(file('out-0301234-101'), [cdr(other)]), null);
  // Seconds alone are known of a recording on demand.
  t.equal(by('auto-1704877872-101-0301234.wav', [cdr({})]), 'uniqueid');
  // A uniqueid counts from the start of Asterisk: the same one on another day is another call.
  t.equal(by(file('out-0301234-101'), [cdr({ startAt: AT - 3 * 86_400_000 })]), null);
});

t.test('several rows are one call; rows of several calls are none', async (t) => {
  const transfer = cdr({
    uniqueid: '1704877900.20',
    peer: 'PJSIP/102-00000020',
    startAt: AT + 68_000,
    endAt: AT + 90_000,
  });
  const { call, match } = imported(file('out-0301234-101'), [transfer, cdr({})]);
  t.equal(match.cdrs.length, 2);
  t.match(call, { startedAt: AT, answeredAt: AT + 8_000, endedAt: AT + 90_000, direction: 'out' });
  const path = 'meeting.wav';
  const rows = ['1704877801.1', '1704877802.1'].map((id) => cdr({ uniqueid: id, linkedid: id, file: path }));
  t.match(imported(path, rows).match, { by: null, several: true, cdrs: [] });
});

t.test('a recording that is longer than the talk began before the answer', async (t) => {
  t.match(imported(file('out-0301234-101'), [cdr({})], 65_000).call, {
    answeredAt: AT + 3_000,
    endedAt: AT + 68_000,
  });
  t.match(imported(file('out-0301234-101'), [cdr({})], 80_000).call, {
    answeredAt: AT,
    endedAt: AT + 80_000,
  });
});
