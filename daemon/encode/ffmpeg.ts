import { type ChildProcess, execFile } from 'node:child_process';
import { PassThrough, pipeline, type Readable, type Writable } from 'node:stream';
import { promisify } from 'node:util';
import fluent, { type FfmpegCommand } from 'fluent-ffmpeg';
import { fail, type TapedeckError } from '../domain/error.js';
import type { Speech } from '../domain/telling/prompt.js';
import { behindCalls } from '../ops/process/behind-calls.js';
import { outcome } from '../ops/turns.js';
import { type AdoptPlan, type Foreign, foreignInput, KNOWN_CODECS, ONLY_PIPE } from './adopt.js';
import { createEspeak } from './espeak.js';
import type { OpusPlan, RecodePlan, SoundPlan } from './opus.js';

// Where fluent-ffmpeg is worked round (2.1.3):
// - It looks at FFMPEG_PATH and keeps one path for the whole process: here each command is told its own.
// - It runs "ffmpeg -formats" and "-encoders" first and reads their tables with patterns that a newer ffmpeg defeats
//   (lavfi is "not available"): skipped; ffmpeg says itself what it lacks.
// - An array of options is split at spaces ("title=call 123"): options are given as several arguments.
// - Its pipe() ends the output whether ffmpeg succeeded or not, and may call a success "Output stream closed" when the
//   process exits 20 ms after its output: the output here ends only after a success and fails after a failure.
// - A process that cannot be started makes it read what that process printed, which is not there (an uncaught TypeError):
//   empty text is put in its place.
// - A source that fails before the process is there, or closes early, is not noticed: the source comes through pipeline().
type Internals = {
  ffmpegProc?: ChildProcess;
  _getFfmpegPath(done: (error: null, path: string) => void): void;
  _checkCapabilities(done: () => void): void;
  availableEncoders(done: (error: null, encoders: object) => void): void;
  _spawnFfmpeg(args: string[], options: object, begun: unknown, ended: Ended): void;
};
type Printed = { get(): string };
type Ended = (error: Error | null, stdout?: Printed, stderr?: Printed) => void;

export type FfmpegRun = {
  /** Ends after ffmpeg succeeded and not before; fails with the error of `done`. Destroying it kills ffmpeg. */
  stdout: Readable;
  /** Settles once ffmpeg has exited. Throws encode_failed with the last lines of ffmpeg, or ffmpeg_missing. */
  done: Promise<void>;
  kill(): void;
};

export type EncodePlan = Pick<OpusPlan, 'inputs' | 'filter' | 'outputOptions'>;

/** Whoever runs ffmpeg: this process, or the encoder. */
export type Ffmpeg = {
  /** The installed version ("7.1.5") and whether it can make Opus. Throws ffmpeg_missing. */
  version(): Promise<{ version: string; libopus: boolean }>;
  /**
   * Runs a plan; stdout gives Ogg Opus. The inputs are wav files whose header may have a wrong length, by path or as
   * `/proc/self/fd/N` of this process. After `limitMs`
   * it is killed.
   */
  encode(plan: OpusPlan, limitMs?: number): FfmpegRun;
  /** Runs a plan on 16-bit little-endian interleaved stereo, as it comes; stdout gives Ogg Opus. */
  sound(plan: SoundPlan, source: Readable, limitMs?: number): FfmpegRun;
  /** Runs the plan of a redaction on Ogg Opus; stdout gives Ogg Opus. */
  recode(plan: RecodePlan, source: Readable, limitMs?: number): FfmpegRun;
  /** Decodes Ogg Opus; stdout gives 16-bit little-endian interleaved stereo at `rate` Hz. */
  decode(source: Readable, rate: number, limitMs?: number): FfmpegRun;
  /** Runs a plan on the file of another recorder; stdout gives Ogg Opus. */
  adopt(plan: AdoptPlan, source: Readable, limitMs?: number): FfmpegRun;
  /** Decodes the file of another recorder; stdout gives a wav file of 16 bits at its own rate, with its own channels. */
  measure(source: Readable, foreign: Foreign, limitMs?: number): FfmpegRun;
  /**
   * Reads audio of whatever kind; stdout gives its first `PROMPT_MS` as 16-bit little-endian mono at `rate` Hz, brought to -16 LUFS
   * unless it is said to be so already.
   */
  prompt(source: Readable, as: { rate: number; level: boolean }, limitMs?: number): FfmpegRun;
  /** Has espeak-ng say it; stdout gives a wav file. Throws `speech_missing`. */
  speech(words: Speech, limitMs?: number): FfmpegRun;
};

/** More of a prompt than anybody may upload, in ms, so that one that is too long is told from one that is not. */
export const PROMPT_MS = 31_000;

/** An ffmpeg that is started here. */
export type OwnFfmpeg = Ffmpeg & {
  encode(plan: EncodePlan, limitMs?: number): FfmpegRun;
  /** The same as `encode`, with the bytes of each input instead of files. */
  encodeStreams(plan: EncodePlan, inputs: Readable[], limitMs?: number): FfmpegRun;
};

type Programs = { path?: string; espeak?: string };
const execute = promisify(execFile);
const VERSION_MS = 10_000;

/** ffmpeg, by its path or as "ffmpeg" on the PATH. It runs at low priority: a live call comes first. */
export function createFfmpeg({ path = 'ffmpeg', espeak }: Programs = {}): OwnFfmpeg {
  /** `open`: descriptors of ours that the process has too, from the fourth of its own on, or new pipes to it. */
  function command(open: (number | 'pipe')[] = []): FfmpegCommand {
    const made = fluent({ stdoutLines: 40 });
    const internals = made as unknown as Internals;
    internals._getFfmpegPath = (done) => done(null, path);
    internals._checkCapabilities = (done) => done();
    internals.availableEncoders = (done) => done(null, {});
    const spawn = internals._spawnFfmpeg.bind(made);
    const nothing: Printed = { get: () => '' };
    internals._spawnFfmpeg = (args, options, begun, ended) =>
      spawn(
        args,
        { ...options, stdio: [...PIPES, ...open] },
        begun,
        (error, stdout = nothing, stderr = nothing) => ended(error, stdout, stderr),
      );
    return made;
  }

  return {
    async version() {
      // fluent-ffmpeg cannot tell the version.
      try {
        const [about, encoders] = await Promise.all([
          execute(path, ['-version'], { timeout: VERSION_MS }),
          execute(path, ['-hide_banner', '-encoders'], { timeout: VERSION_MS, maxBuffer: 4 * 1024 * 1024 }),
        ]);
        const version = /^ffmpeg version (\d+(?:\.\d+)*|\S+)/.exec(about.stdout)?.[1] ?? 'unknown';
        return { version, libopus: /\blibopus\b/.test(encoders.stdout) };
      } catch (error) {
        throw explain(error as Error, '');
      }
    },
    encode({ inputs, filter, outputOptions }, limitMs) {
      const open: number[] = [];
      const run = command(open);
      for (const input of inputs) {
        const fd = OPEN.exec(input)?.[1];
        const source = fd === undefined ? input : `/proc/self/fd/${FIRST + open.push(Number(fd)) - 1}`;
        run.input(`file:${source}`).inputOptions(...CAPTURED);
      }
      run.complexFilter(filter).outputOptions('-nostdin', ...quiet, ...outputOptions);
      return start(run, { limitMs });
    },
    encodeStreams({ filter, outputOptions }, inputs, limitMs) {
      const run = command(inputs.map(() => 'pipe'));
      for (const n of inputs.keys()) run.input(`pipe:${FIRST + n}`).inputOptions(...CAPTURED);
      run.complexFilter(filter).outputOptions('-nostdin', ...quiet, ...outputOptions);
      return start(run, { limitMs, piped: inputs });
    },
    sound({ form, filter, outputOptions }, source, limitMs) {
      const run = command();
      const inlet = new PassThrough();
      run.input(inlet).inputOptions('-f', 's16le', '-ar', String(form.rate), '-ac', '2');
      run.complexFilter(filter).outputOptions('-nostdin', ...quiet, ...outputOptions);
      return start(run, { limitMs, input: { source, inlet } });
    },
    recode({ filter, outputOptions }, source, limitMs) {
      const run = command();
      const inlet = new PassThrough();
      run.input(inlet).inputOptions('-f', 'ogg', '-c:a', 'libopus');
      run.complexFilter(filter).outputOptions('-nostdin', ...quiet, ...outputOptions);
      return start(run, { limitMs, input: { source, inlet } });
    },
    decode(source, rate, limitMs) {
      const run = command();
      const inlet = new PassThrough();
      // ffmpeg's own decoder (7.1) reads on past a speech frame whose last zeros were left out, into the other side's: 20 ms
      // come out 2 dB off now and then (up to 13 of 400 frames at 16 kHz). Browsers have libopus, too.
      // The format is said, so that none of ffmpeg's other readers is tried on it.
      run.input(inlet).inputOptions('-f', 'ogg', '-c:a', 'libopus');
      run.outputOptions(
        '-nostdin',
        ...quiet,
        '-f',
        's16le',
        '-c:a',
        'pcm_s16le',
        '-ac',
        '2',
        '-ar',
        String(rate),
      );
      return start(run, { limitMs, input: { source, inlet } });
    },
    adopt({ job, filter, outputOptions }, source, limitMs) {
      const run = command();
      const inlet = new PassThrough();
      run.input(inlet).inputOptions(...foreignInput(job.foreign));
      run.complexFilter(filter).outputOptions('-nostdin', ...quiet, ...outputOptions);
      return start(run, { limitMs, input: { source, inlet } });
    },
    measure(source, foreign, limitMs) {
      const run = command();
      const inlet = new PassThrough();
      run.input(inlet).inputOptions(...foreignInput(foreign));
      run.outputOptions('-nostdin', ...quiet, '-map', '0:a:0', '-map_metadata', '-1', '-bitexact');
      run.outputOptions('-f', 'wav', '-c:a', 'pcm_s16le');
      return start(run, { limitMs, input: { source, inlet } });
    },
    prompt(source, { rate, level }, limitMs) {
      const run = command();
      const inlet = new PassThrough();
      run.input(inlet).inputOptions(...UPLOADED);
      const filters = [`aresample=${rate}`];
      if (level) filters.unshift('aformat=channel_layouts=mono', 'loudnorm=I=-16:TP=-1.5:LRA=11');
      run.outputOptions('-nostdin', ...quiet, '-map', '0:a:0', '-t', String(PROMPT_MS / 1_000));
      run.outputOptions('-af', filters.join(','), '-f', 's16le', '-c:a', 'pcm_s16le');
      run.outputOptions('-ac', '1', '-ar', String(rate));
      return start(run, { limitMs, input: { source, inlet } });
    },
    speech: createEspeak(espeak).speak,
  };
}

/**
 * What Asterisk has captured, and nothing else that a file may claim to be. It writes the lengths when it closes a file; one that was
 * killed leaves 0. The plan cuts at the length.
 */
const CAPTURED = ['-f', 'wav', '-c:a', 'pcm_s16le', '-ignore_length', '1'];
/** What people upload as a prompt, which is probed: no other of ffmpeg's many readers is tried on it. */
const UPLOADED = [...ONLY_PIPE, '-format_whitelist', 'wav,mp3,ogg,flac,au', ...KNOWN_CODECS];

const PIPES = ['pipe', 'pipe', 'pipe'] as const;
/** A file that this process has open, and the first descriptor under which ffmpeg has such a file. */
const OPEN = /^\/proc\/self\/fd\/(\d+)$/;
const FIRST = PIPES.length;

const quiet = ['-hide_banner', '-nostats', '-loglevel', 'warning'];

/** How long a killed process may take to be gone, in ms: one that waits for a disk cannot die. */
const DYING = 5_000;

function start(
  run: FfmpegCommand,
  {
    limitMs,
    input,
    piped = [],
  }: {
    limitMs?: number | undefined;
    input?: { source: Readable; inlet: PassThrough };
    piped?: Readable[];
  },
): FfmpegRun {
  const internals = run as unknown as Internals;
  const sources = input ? [input.source] : piped;
  let settled = false;
  let killed = false;
  let child: ChildProcess | undefined;
  const { done, resolve, reject } = outcome();
  const timer =
    limitMs === undefined
      ? undefined
      : setTimeout(
          () => finish(new Error(`It hung and was killed after ${Math.round(limitMs / 1000)} s`)),
          limitMs,
        );

  // emitClose is off because fluent-ffmpeg takes 'close' for a failure; destroy is what an early end looks like to us.
  const stdout = new PassThrough({
    emitClose: false,
    destroy(error, callback) {
      finish(error ?? new Error('Its output was closed'));
      callback(error);
    },
  });
  stdout.on('error', () => {}); // who only awaits done learns it there

  function finish(error?: Error, stderr = ''): void {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    if (!error) {
      for (const source of sources) source.destroy(); // ffmpeg may have had enough before its end
      stdout.end();
      resolve();
      return;
    }
    const explained = explain(error, stderr);
    kill();
    const running = child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
    if (running) {
      const undead = setTimeout(() => reject(explained), DYING);
      child?.once('exit', () => {
        clearTimeout(undead);
        reject(explained);
      });
    } else reject(explained);
    stdout.destroy(explained);
    input?.inlet.destroy();
    for (const source of sources) source.destroy();
  }

  function kill(): void {
    killed = true;
    child?.kill('SIGKILL');
  }

  function feed(source: Readable, inlet: Writable): void {
    pipeline(source, inlet, (error) => {
      // ffmpeg may stop reading before the end; what it says then counts.
      if (error && !settled && !(piped.length > 0 && hasLeft(error)))
        finish(new Error(`Its source failed: ${error.message}`, { cause: error }));
    });
    inlet.on('error', () => {});
  }
  if (input) feed(input.source, input.inlet);

  // The process may end before the last of its output was read, so both have to be over.
  let waiting = 2;
  const oneOver = () => {
    if (--waiting === 0) finish();
  };
  run.on('start', () => {
    child = internals.ffmpegProc;
    // One that could not be started has the id 0 for a moment, which kill(2) takes for all of our own process group; fluent-ffmpeg
    // kills too.
    if (child && !child.pid) child.kill = () => false;
    if (killed) return kill();
    child?.stdout?.once('end', oneOver);
    for (const [n, source] of piped.entries()) {
      const inlet = child?.stdio[FIRST + n];
      if (inlet) feed(source, inlet as Writable);
    }
    if (child?.pid) behindCalls({ pid: child.pid, last: true });
  });
  run.on('end', oneOver);
  run.on('error', (error, _stdout, stderr) => finish(error, stderr ?? ''));
  run.output(stdout, { end: false }).run();

  return {
    stdout,
    done,
    kill: () => finish(new Error('It was stopped')),
  };
}

/** ffmpeg has closed an input of which it needs no more. */
const hasLeft = (error: Error): boolean => {
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(code);
};

/** The last lines of ffmpeg, in one line of at most 600 characters. */
function explain(error: Error, stderr: string): TapedeckError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'EACCES') return fail('ffmpeg_missing', `(${code})`, error);
  const said = stderr.trim().split('\n').slice(-6).join(' | ').slice(-600);
  const reason = error.message.split('\n')[0]!.replace(/: .*$/, (rest) => (said ? '' : rest));
  return fail('encode_failed', said ? `${reason}: ${said}` : `${reason}.`, error);
}
