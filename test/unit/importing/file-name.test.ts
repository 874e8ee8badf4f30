import t from 'tap';
import { shownName } from '../../../daemon/domain/importing/bytes.js';
import { type FileName, readFileName } from '../../../daemon/domain/importing/file-name.js';

/** Names as the recorders write them, with what they say. `local` as `YYYY-MM-DD HH:MM:SS`. */
type Said = Partial<Omit<FileName, 'local'>> & { local?: string | null };
const NAMES: [string, Said][] = [
  [
    '2024/01/10/out-00493012345678-101-20240110-101112-1704877872.12.wav',
    {
      recorder: 'freepbx',
      type: 'out',
      dest: '00493012345678',
      from: '101',
      uniqueid: '1704877872.12',
      local: '2024-01-10 10:11:12',
    },
  ],
  [
    'in-+4930555-+49171555-20240110-101112-1704877872.12.WAV',
    { type: 'in', dest: '+4930555', from: '+49171555' },
  ],
  ['internal-102-101-20240110-101112-1704877872.12.gsm', { type: 'internal', dest: '102', from: '101' }],
  [
    'external-101-0301234-20240110-101112-1704877872.12.wav',
    { type: 'external', dest: '101', from: '0301234' },
  ],
  ['exten-101-unknown-20240110-101112-1704877872.12.wav', { type: 'exten', dest: '101', from: '' }],
  ['q-600-0301234-20240110-101112-1704877872.12.wav', { type: 'q', dest: '600', from: '0301234' }],
  ['rg-601-0301234-20240110-101112-1704877872.12.wav', { type: 'rg', dest: '601' }],
  ['group-601-0301234-20240110-101112-1704877872.12.wav', { type: 'rg' }],
  ['parking-71-0301234-20240110-101112-1704877872.12.wav', { type: 'parking', dest: '71' }],
  ['generic-101-0301234-20240110-101112-1704877872.12.wav', { type: 'generic' }],
  ['ondemand-101-0301234-20240110-101112-1704877872.12.mp3', { type: 'ondemand' }],
  ['conf-900-101-20240110-101112-1704877872.12.wav', { type: 'conf', dest: '900', from: '101' }],
  // Read from the right: a system's name and a destination may have hyphens.
  [
    'out-sales-team-101-20240110-101112-pbx-2-1704877872.12.wav',
    { type: 'out', dest: 'sales-team', from: '101', uniqueid: 'pbx-2-1704877872.12' },
  ],
  [
    'force-08212345-3201-20250327-092517-1743042317.12206.wav',
    { recorder: 'issabel', type: 'force', dest: '08212345', from: '3201' },
  ],
  ['OUT101-20090609-133001-1244565001.82.wav', { recorder: 'issabel', type: 'out', from: '101', dest: '' }],
  ['q600-20090609-133001-1244565001.82.WAV', { recorder: 'issabel', type: 'q', dest: '600' }],
  ['20090609-133001-1244565001.82.wav', { recorder: 'issabel', type: null, uniqueid: '1244565001.82' }],
  [
    'auto-1244565001-101-102.wav',
    { recorder: 'issabel', type: 'ondemand', from: '101', dest: '102', uniqueid: '1244565001.', local: null },
  ],
  [
    '2013/05/20/15/20130520_155504_ABCD.wav',
    { recorder: 'oreka', local: '2013-05-20 15:55:04', uniqueid: '' },
  ],
  [
    '2024-01-10/10/11/AUDIO/8f3e-1b@10.0.0.5.wav',
    { recorder: 'voipmonitor', local: '2024-01-10 10:11:00', exactMs: 60_000 },
  ],
  ['1704877872.12.wav', { recorder: 'mixmonitor', uniqueid: '1704877872.12', local: null }],
  [
    'support_2024-01-10_10-11-12_1704877872.12.wav',
    { recorder: 'mixmonitor', uniqueid: '1704877872.12', local: '2024-01-10 10:11:12' },
  ],
  ['support-20260328_200700-1774728420.8.wav', { recorder: 'mixmonitor', uniqueid: '1774728420.8' }],
  ['meeting.wav', { recorder: 'mixmonitor', uniqueid: '', local: null }],
  // What no clock shows is no time; what is not the form is nobody's.
  ['out-1-2-20240230-101112-1704877872.12.wav', { recorder: 'mixmonitor', local: null }],
  ['out-1-2-20240110-246112-1704877872.12.wav', { recorder: 'mixmonitor', local: null }],
  ['other-1-2-20240110-101112-1704877872.12.wav', { recorder: 'mixmonitor', local: '2024-01-10 10:11:12' }],
  ['in-\u202e\u0007bad-<unknown>-20240110-101112-1704877872.12.wav', { type: 'in', dest: 'bad', from: '' }],
];

t.test('names say what the recorder that wrote them put there', async (t) => {
  for (const [path, { local, ...said }] of NAMES) {
    const name = readFileName(path);
    t.match(name, said, path);
    if (local !== undefined)
      t.equal(
        name.local === null ? null : new Date(name.local).toISOString().slice(0, 19).replace('T', ' '),
        local,
        path,
      );
  }
});

t.test('a hostile name is read to its end', async (t) => {
  // No file system has longer names. An expression that tries every way to divide one of them would never end.
  const LONGEST = 255;
  for (const name of ['1-', 'a.', '-20240110-101112', 'out-20240110-101112-', '1704877872.12-'])
    for (const [front, end] of [
      ['', 'x'],
      ['out-', 'x.wav'],
      ['q1-20240110-101112-', '.1.'],
    ] as const) {
      const hostile = `${front}${name.repeat(LONGEST)}`.slice(0, LONGEST - end.length) + end;
      t.match(readFileName(hostile), { recorder: 'mixmonitor', type: null }, hostile);
    }
});

t.test('names that are no UTF-8 are shown without loss', async (t) => {
  t.equal(shownName(Buffer.from('gr\u00fc\u00df.wav').toString('latin1')), 'grüß.wav');
  t.equal(shownName('gr\xfc\xdf.wav'), 'gr\\xfc\\xdf.wav');
});
