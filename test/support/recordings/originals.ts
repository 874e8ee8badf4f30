import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { madeOnce } from '../files/made-once.js';

/**
 * Makes folders as other recorders leave them: real sound in every format, from sox and ffmpeg, and the CDRs beside them. Few sounds are
 * made; each file is one of them with a few samples of its own, so that no two are the same.
 */

/** Formats by their ending; `side` of the sounds that have two, and how a few bytes are changed without breaking it. */
type Form = { name: string; ending: string; args: string[]; stereo?: boolean; change: 'middle' | 'tag' };
const RATE = ['-ar', '8000', '-ac', '1'];
const FORMS: Form[] = [
  { name: 'wav', ending: 'wav', args: [...RATE, '-c:a', 'pcm_s16le', '-f', 'wav'], change: 'middle' },
  { name: 'wav49', ending: 'WAV', args: [...RATE, '-c:a', 'libgsm_ms', '-f', 'wav'], change: 'middle' },
  { name: 'gsm', ending: 'gsm', args: [...RATE, '-c:a', 'libgsm', '-f', 'gsm'], change: 'middle' },
  { name: 'ulaw', ending: 'ulaw', args: [...RATE, '-f', 'mulaw'], change: 'middle' },
  { name: 'alaw', ending: 'alaw', args: [...RATE, '-f', 'alaw'], change: 'middle' },
  { name: 'sln', ending: 'sln', args: [...RATE, '-f', 's16le'], change: 'middle' },
  { name: 'sln16', ending: 'sln16', args: ['-ar', '16000', '-ac', '1', '-f', 's16le'], change: 'middle' },
  { name: 'g722', ending: 'g722', args: ['-ar', '16000', '-ac', '1', '-f', 'g722'], change: 'middle' },
  { name: 'mp3', ending: 'mp3', args: [...RATE, '-c:a', 'libmp3lame', '-f', 'mp3'], change: 'tag' },
  { name: 'ogg', ending: 'ogg', args: [...RATE, '-c:a', 'libvorbis', '-f', 'ogg'], change: 'tag' },
  {
    name: 'stereo',
    ending: 'wav',
    args: ['-ar', '8000', '-c:a', 'pcm_s16le', '-f', 'wav'],
    stereo: true,
    change: 'middle',
  },
  {
    name: 'wide',
    ending: 'wav',
    args: ['-ar', '16000', '-ac', '1', '-c:a', 'pcm_s16le', '-f', 'wav'],
    change: 'middle',
  },
];

const SECONDS = 3;
/** The tones of the two parties: what is heard says whose side it is. */
export const CALLER_HZ = 440;
export const CALLEE_HZ = 1_000;

/** Returns a sound in each format; both parties speak by turns in what is mixed. */
function sounds(): { form: Form; bytes: Buffer }[] {
  const made = FORMS.map((form) => {
    const tone = (hz: number) => `sine=frequency=${hz}:duration=${SECONDS}:sample_rate=16000,volume=0.5`;
    const filter = form.stereo
      ? `${tone(CALLER_HZ)}[a];${tone(CALLEE_HZ)}[b];[a][b]join=inputs=2:channel_layout=stereo`
      : `${tone(CALLER_HZ)}[a];${tone(CALLEE_HZ)}[b];[a][b]amix=inputs=2`;
    const args = [
      '-v',
      'error',
      '-filter_complex',
      filter,
      '-map_metadata',
      '-1',
      '-bitexact',
      ...form.args,
      'pipe:1',
    ];
    const make = () => execFileSync('ffmpeg', args, { maxBuffer: 1 << 24 });
    return { form, bytes: madeOnce(['ffmpeg', ...args], make) };
  });
  // ffmpeg has no encoder for it: frames of 10 bytes, each of which is speech to its decoder.
  const g729 = Buffer.alloc(10 * 100 * SECONDS, 0);
  for (let i = 0; i < g729.length; i++) g729[i] = (i * 37 + (i >> 3)) & 0x7f;
  const form: Form = { name: 'g729', ending: 'g729', args: [], change: 'middle' };
  return [...made, { form, bytes: g729 }];
}

export type MadeOriginal = { path: string; form: string; uniqueid: string; startedAt: number; cdr: boolean };

type Shown = { date: string; time: string; compact: string };
type Named = Shown & { outside: string; extension: string; uniqueid: string; at: number };

/** Names that a day's folder has, each with a uniqueid. */
const namesOf = ({ outside, extension, compact, uniqueid }: Named): string[] => [
  `out-${outside}-${extension}-${compact}-${uniqueid}`,
  `external-${extension}-${outside}-${compact}-${uniqueid}`,
  `q-600-${outside}-${compact}-${uniqueid}`,
  `internal-${102 + ((Number(extension) - 101) % 40)}-${extension}-${compact}-${uniqueid}`,
  `rg-601-${outside}-${compact}-${uniqueid}`,
  `force-${outside}-${extension}-${compact}-${uniqueid}`,
  `OUT${extension}-${compact}-${uniqueid}`,
  `support-${compact.replace('-', '_')}-${uniqueid}`,
];

/** The others that are known, and some that nobody would choose; without a uniqueid, a time or either. */
const rarerNamesOf = (named: Named): string[] => [
  ...['in', 'exten', 'conf', 'parking', 'generic', 'ondemand'].map(
    (type) => `${type}-${named.extension}-${named.outside}-${named.compact}-${named.uniqueid}`,
  ),
  `q600-${named.compact}-${named.uniqueid}`,
  `g601-${named.compact}-${named.uniqueid}`,
  `IN-${named.compact}-${named.uniqueid}`,
  `${named.compact}-${named.uniqueid}`,
  `in-sip-trunk-7-${named.outside}-${named.compact}-pbx-two-${named.uniqueid}`,
  `auto-${Math.floor(named.at / 1000)}-${named.outside}-${named.extension}`,
  `=cmd|' C calc'!A1 $(id) "x" <b>-${named.uniqueid}`,
  `Gespräch ‮ Müller\n2-${named.compact}-${named.uniqueid}`,
  named.uniqueid,
];

/** Paths of Oreka and VoIPmonitor, which have folders of their own, and a name that only its CDR knows. */
function foreignPaths({ date, time, compact, uniqueid }: Named): string[] {
  const hour = time.slice(0, 2);
  const letters = [...uniqueid.replace('.', '').slice(-4)]
    .map((digit) => 'ABCDEFGHIJ'[Number(digit)])
    .join('');
  return [
    `${date.replaceAll('-', '/')}/${hour}/${compact.replace('-', '_')}_${letters}`,
    `${date}/${hour}/${time.slice(3, 5)}/AUDIO/${uniqueid.replace('.', '-')}@10.0.0.1`,
    `kept by hand/about the roof ${uniqueid.split('.')[1]}`,
  ];
}

const pad = (n: number, digits = 2) => String(n).padStart(digits, '0');

/** A time as the clock of a PBX in UTC shows it. */
function shown(at: number) {
  const [date, time] = new Date(at).toISOString().slice(0, 19).split('T') as [string, string];
  return { date, time, compact: `${date.replaceAll('-', '')}-${time.replaceAll(':', '')}` };
}

const quoted = (cells: string[]) => cells.map((cell) => `"${cell}"`).join(',');

/**
 * Makes so many originals in `dir`, from this time on (ms since 1970), a call each `everyMs`, by the clock of a PBX in UTC; and in
 * `csv` the CDRs of nine of ten of them. They were last written to when their calls ended. `rarer`: by every name that is known, not
 * only by the most common.
 */
export function makeOriginals(
  dir: string,
  csv: string,
  {
    count,
    from,
    everyMs = 60_000,
    rarer = false,
  }: { count: number; from: number; everyMs?: number; rarer?: boolean },
): MadeOriginal[] {
  const all = sounds();
  mkdirSync(dirname(csv), { recursive: true });
  const records = openSync(csv, 'w');
  const made: MadeOriginal[] = [];
  for (let n = 0; n < count; n++) {
    const { form, bytes } = all[n % all.length]!;
    const at = from + n * everyMs;
    const uniqueid = `${Math.floor(at / 1000)}.${n + 1}`;
    const outside = `0301${pad(n, 6)}`;
    const extension = String(101 + (n % 40));
    const named: Named = { ...shown(at), outside, extension, uniqueid, at };
    const day = `${named.date.replaceAll('-', '/')}/`;
    const paths = [
      ...[...namesOf(named), ...(rarer ? rarerNamesOf(named) : [])].map((name) => day + name),
      ...(rarer ? foreignPaths(named) : []),
    ];
    const name = n % paths.length;
    const path = `${paths[name]!}.${form.ending}`;
    const unnamed = rarer && name === paths.length - 1;
    const file = join(dir, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, own(bytes, form, n));
    const ended = at + 5_000 + SECONDS * 1_000;
    utimesSync(file, ended / 1000, ended / 1000);
    const cdr = n % 10 !== 9 || unnamed;
    if (cdr) {
      const out = [0, 5, 6].includes(name);
      const [src, dst] = out ? [extension, outside] : [outside, extension];
      const [one, two] = out ? [`PJSIP/${extension}`, 'PJSIP/trunk'] : ['PJSIP/trunk', `PJSIP/${extension}`];
      const clock = (ms: number) => `${shown(ms).date} ${shown(ms).time}`;
      const id = pad(n, 8);
      writeSync(
        records,
        `${quoted(['', src, dst, out ? 'from-internal' : 'from-trunk', `"${src}" <${src}>`.replaceAll('"', '""'), `${one}-${id}`, `${two}-${id}`, 'Dial', '', clock(at), clock(at + 5_000), clock(ended)])},8,3,${quoted(['ANSWERED', 'DOCUMENTATION', uniqueid, unnamed ? basename(path) : ''])}\n`,
      );
    }
    made.push({ path, form: form.name, uniqueid, startedAt: at, cdr });
  }
  closeSync(records);
  return made;
}

/** The same sound with a few samples of its own. */
function own(bytes: Buffer, { change }: Form, n: number): Buffer {
  const copy = Buffer.from(bytes);
  // A tag that no decoder hears: an ID3v2 header of 4 bytes in front, or another serial of the Ogg stream would break its sums.
  if (change === 'tag') return copy.toString('latin1', 0, 4) === 'OggS' ? chained(copy, n) : id3(copy, n);
  const at = Math.floor(copy.length / 2);
  copy.writeUInt16LE((copy.readUInt16LE(at) ^ n) & 0x7fff, at);
  copy.writeUInt8((copy.readUInt8(at + 4) ^ (n >> 8)) & 0x7f, at + 4);
  return copy;
}

function id3(bytes: Buffer, n: number): Buffer {
  const frame = Buffer.alloc(10 + 10 + 5);
  frame.write('ID3\x03\x00\x00\x00\x00\x00', 0, 'latin1');
  frame[9] = 15;
  frame.write('TIT2', 10, 'latin1');
  frame.writeUInt32BE(5, 14);
  frame.write(pad(n % 10_000, 4), 21, 'latin1');
  return Buffer.concat([frame, bytes]);
}

/** An Ogg file may have bytes behind its last page. */
const chained = (bytes: Buffer, n: number): Buffer => Buffer.concat([bytes, Buffer.from(`tag ${n}`)]);

export const bytesOf = (dir: string, path: string): Buffer => readFileSync(join(dir, path));
