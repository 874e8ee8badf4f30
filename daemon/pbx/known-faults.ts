/**
 * What is known to be wrong with versions and builds of Asterisk, as far as it touches recording. One table, for the
 * daemon, which works round some of it, and for `tapedeck doctor`, which tells of what applies.
 */
export type FaultId =
  | 'late-packets-dropped'
  | 'overtaken-packets-dropped'
  | 'jitter-buffer-mutes'
  | 'one-direction-mangled'
  | 'recording-mutes-once'
  | 'repeated-mute-unmutes'
  | 'hangup-deadlock'
  | 'stream-deadlock'
  | 'whisper-loops'
  | 'impatient-stream'
  | 'application-forgotten'
  | 'costly-cel';

export type Fault = {
  id: FaultId;
  /** What happens and whom it hurts. */
  means: string;
  /** What Tapedeck does about it. */
  does: string;
  /** `handled`: nothing to do. `setting`: a line of asterisk-conf/ cures it. `upgrade`: only another Asterisk does. */
  cure: 'handled' | 'setting' | 'upgrade';
  /** What the admin can do; empty where nothing is needed. */
  todo: string;
  /** Where it is known from, and how well. */
  source: string;
};

type Entry = Fault & {
  /** First version with it and first without (null: none yet), one pair a branch. Empty: every version. */
  versions: readonly (readonly [from: string, fixed: string | null])[];
  /** Only builds whose version has this in it. */
  build?: RegExp;
};

/** Debian marks what it builds, and Ubuntu takes it over: "22.10.1+dfsg+~cs6.17.60671434-1", "16.28.0~dfsg-0+deb11u4". */
const DEBIAN = /[+~]dfsg/;

const table: readonly Entry[] = [
  {
    id: 'late-packets-dropped',
    means:
      'When the sound of a leg goes on with a lower RTP sequence number (half of all transfers), its recording falls silent while the people hear each other.',
    does: 'A capture is begun anew after each change of the talking partner.',
    cure: 'handled',
    todo: '',
    source:
      'Measured on 22.10.1 of Debian, 4 of 4; 16.28 is not affected. Probably Debian\'s patch "2016_opus_plc", which was there by 20.5.1 (changelog of the package); upstream has no such code.',
    versions: [['20.5.1', null]],
    build: DEBIAN,
  },
  {
    id: 'overtaken-packets-dropped',
    means:
      'RTP packets that others overtake are missing in every recording, also in those of MixMonitor, while the people hear them.',
    does: 'Each call and the page Quality say whose voice breaks up.',
    cure: 'setting',
    todo: 'If voices break up, look at the network of that phone or line, or use an Asterisk that Debian did not build.',
    source:
      'Measured with "npm run bench:network" on 22.10.1 of Debian: of packets that are delayed by up to 60 ms, recordings have 67 to 77 %, the other phone all that are not lost. On 16.28 recordings have the same as the phone.',
    versions: [['20.5.1', null]],
    build: DEBIAN,
  },
  {
    id: 'jitter-buffer-mutes',
    means:
      'With JITTERBUFFER() in the dialplan, half of the calls that lose a packet are silent on that side in every recording, while the people hear each other.',
    does: 'Captures are begun anew; if that brings sound back, all of the silence is told as missing.',
    cure: 'setting',
    todo: 'Use no JITTERBUFFER(), or an Asterisk that Debian did not build.',
    source:
      'Measured on 22.10.1 of Debian: always where the RTP sequence numbers are above 32767, as what the buffer makes up for a lost packet has number 0. 16.28 is not affected.',
    versions: [['20.5.1', null]],
    build: DEBIAN,
  },
  {
    id: 'one-direction-mangled',
    means: 'A snoop on one direction can garble sound when the two directions have different codecs.',
    does: 'Test calls and the check of each recording tell when it is heard.',
    cure: 'upgrade',
    todo: 'Upgrade to 16.30, 18.16, 19.8, 20.1 or later when you can.',
    source:
      'ASTERISK-30252, "audiohook: add directional awareness". Met on 16.28 with A-law and G.722: each side is heard on the other 10 dB down, and at times one is lost; not with one codec.',
    versions: [
      ['16.0.0', '16.30.0'],
      ['17.0.0', '18.16.0'],
      ['19.0.0', '19.8.0'],
      ['20.0.0', '20.1.0'],
    ],
  },
  {
    id: 'recording-mutes-once',
    means: 'A recording can be muted once only: the second mute is accepted and does nothing.',
    does: 'After each mask the capture is begun anew, which costs about 0.1 s of sound.',
    cure: 'handled',
    todo: '',
    source:
      'https://github.com/asterisk/asterisk/issues/322. Measured on 16.28: the second mute of each recording did nothing.',
    versions: [
      ['12.0.0', '18.20.0'],
      ['19.0.0', '20.5.0'],
    ],
  },
  {
    id: 'repeated-mute-unmutes',
    means: 'Muting a recording that is muted turns its sound back on.',
    does: 'A mute is never repeated; where it is not known whether there was one, the recording is paused first.',
    cure: 'handled',
    todo: '',
    source:
      'Measured on 22.10.1, 4 of 4. Presumably since the change that mended issue 322: its flag is signed.',
    versions: [
      ['18.20.0', '19.0.0'],
      ['20.5.0', null],
    ],
  },
  {
    id: 'hangup-deadlock',
    means: 'Hanging up a channel can lock the whole PBX, calls and all.',
    does: 'Nothing can be done from outside; the loss of the PBX is told of at once.',
    cure: 'upgrade',
    todo: 'Upgrade to 20.20, 22.10, 23.4 or later.',
    source: 'https://github.com/asterisk/asterisk/issues/1928',
    versions: [
      ['20.19.0', '20.20.0'],
      ['22.9.0', '22.10.0'],
      ['23.3.0', '23.4.0'],
    ],
  },
  {
    id: 'stream-deadlock',
    means:
      'When an event stream ends just as the state of a phone is being told on it, ARI is locked up until Asterisk is restarted: calls go on and are not recorded.',
    does: 'It leaves the states of phones right after it has connected, so that a moment at each start is all that is left.',
    cure: 'handled',
    todo: '',
    source:
      'https://github.com/asterisk/asterisk/issues/2170, open when this was written. Seen once on 22.10.1, in one of some hundred ends of a stream.',
    versions: [],
  },
  {
    id: 'whisper-loops',
    means: 'A channel that is whispered to can use up a processor and lose memory; ChanSpy always whispers.',
    does: 'Its snoops never whisper.',
    cure: 'handled',
    todo: '',
    source:
      'https://github.com/asterisk/asterisk/issues/2134 and pull request 2171, open when this was written',
    versions: [
      ['20.21.0', '21.0.0'],
      ['22.11.0', '23.0.0'],
      ['23.5.0', null],
    ],
  },
  {
    id: 'impatient-stream',
    means:
      'By default the event stream is closed when its reader pauses for 100 ms, and events are not sent again.',
    does: 'It connects again within a second, and compares its calls with what the PBX has then.',
    cure: 'setting',
    todo: 'Set websocket_write_timeout = 1000 in ari.conf, as in asterisk-conf/ari.conf.',
    source: 'AST_DEFAULT_WEBSOCKET_WRITE_TIMEOUT in Asterisk 16 to 22; ASTERISK-24701',
    versions: [],
  },
  {
    id: 'application-forgotten',
    means:
      'When the event stream breaks, Asterisk forgets the application with its filter of unwanted events.',
    does: 'The filter is set anew at each connection.',
    cure: 'handled',
    todo: '',
    source: 'Seen on 22.10.1, not on 16.28; versions between were not tried.',
    versions: [['22.0.0', null]],
  },
  {
    id: 'costly-cel',
    means: 'Channel event logging (cel_custom, cel_sqlite3_custom) takes up to 40 % of the processor time.',
    does: 'It uses none of these events.',
    cure: 'setting',
    todo: 'If nothing else needs them, set enable = no in cel.conf.',
    source: 'https://github.com/asterisk/asterisk/pull/1777',
    versions: [
      ['16.0.0', '20.19.0'],
      ['21.0.0', '22.9.0'],
      ['23.0.0', '23.3.0'],
    ],
  },
];

/**
 * What is known to be wrong with a PBX that says this of itself (`version` of `system` in ARI's /asterisk/info). Of a
 * version that has no number only what holds for every one.
 */
export function faultsOf(info: { version: string }): Fault[] {
  const version = parse(info.version);
  return table
    .filter(({ versions, build }) => {
      if (build && !build.test(info.version)) return false;
      if (versions.length === 0) return true;
      return (
        version !== null &&
        versions.some(
          ([from, fixed]) => !less(version, parse(from)!) && (!fixed || less(version, parse(fixed)!)),
        )
      );
    })
    .map(({ versions: _, build: __, ...fault }) => fault);
}

/** "22.10.1+dfsg", "certified/18.9-cert5", "20.7.0-rc1": the first number with a point in it. */
function parse(version: string): number[] | null {
  const found = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  return found ? found.slice(1).map((part) => Number(part ?? 0)) : null;
}

function less(a: number[], b: number[]): boolean {
  const at = a.findIndex((part, i) => part !== b[i]);
  return at >= 0 && a[at]! < b[at]!;
}
