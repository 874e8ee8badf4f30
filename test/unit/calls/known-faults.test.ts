import t from 'tap';
import { type FaultId, faultsOf } from '../../../daemon/pbx/known-faults.js';

/** The versions are as real PBXs give them over ARI. */
const ids = (version: string): FaultId[] => faultsOf({ version }).map((f) => f.id);

t.test(
  'the silent recordings after a transfer are a fault of builds by Debian and Ubuntu alone',
  async (t) => {
    for (const version of [
      '22.10.1+dfsg+~cs6.17.60671434-1',
      '20.6.0~dfsg+~cs6.13.40431414-2build5',
      '22.3.0~~rc1~dfsg+~cs6.15.60671435-1',
    ])
      t.ok(ids(version).includes('late-packets-dropped'), version);
    for (const version of ['22.10.1', '16.28.0~dfsg-0+deb11u4', '20.5.0~dfsg+~cs6.13.40431414-1', '20.6.0'])
      t.notOk(ids(version).includes('late-packets-dropped'), version);
  },
);

t.test('a fault ends with the version that mends it, on each branch', async (t) => {
  for (const [fault, has, mended] of [
    [
      'costly-cel',
      ['16.28.0', '18.26.4', '20.18.2', '21.12.3', '22.8.2', '23.2.2'],
      ['20.19.0', '22.9.0', '23.3.0'],
    ],
    [
      'hangup-deadlock',
      ['20.19.0', '22.9.0', '23.3.0'],
      ['20.18.2', '20.20.0', '22.8.2', '22.10.0', '23.4.0'],
    ],
    [
      'one-direction-mangled',
      ['16.28.0', '18.15.1', '19.7.1', '20.0.1'],
      ['16.30.0', '18.16.0', '20.1.0', '22.0.0'],
    ],
    [
      'recording-mutes-once',
      ['16.28.0', '18.19.0', '19.8.1', '20.4.0', 'certified/18.9-cert5'],
      ['18.20.0', '20.5.0', '21.0.0', '22.10.1'],
    ],
    ['repeated-mute-unmutes', ['18.20.0', '20.5.0', '22.10.1', '23.0.0'], ['16.28.0', '18.19.0', '20.4.0']],
    ['whisper-loops', ['20.21.0', '22.11.0', '23.5.0'], ['20.20.1', '21.12.3', '22.10.1', '23.4.1']],
  ] as const) {
    for (const version of has) t.ok(ids(version).includes(fault), `${version} has ${fault}`);
    for (const version of mended) t.notOk(ids(version).includes(fault), `${version} has not ${fault}`);
  }
});

t.test('of a version that cannot be read only what holds for all is said', async (t) => {
  for (const version of ['', 'GIT-master-8f2c1d5', 'unknown'])
    t.same(ids(version), ['stream-deadlock', 'impatient-stream']);
  t.ok(ids('certified/18.9-cert5').includes('costly-cel'), 'certified versions are read');
});

t.test('every fault says what it means, what is done about it, and where it is known from', async (t) => {
  const all = ['16.28.0', '20.19.0', '22.11.0', '22.10.1+dfsg'].flatMap((version) => faultsOf({ version }));
  t.equal(new Set(all.map((f) => f.id)).size, 12);
  for (const f of all) {
    t.ok(f.means.endsWith('.') && f.does.endsWith('.') && f.source, f.id);
    t.equal(f.cure === 'handled', f.todo === '', `${f.id}: there is something to do unless it is handled`);
  }
});
