import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** What a program did to a directory, one system call after the other in the order in which they were done. */
export type Op =
  | { kind: 'mark'; text: string }
  | { kind: 'open'; fd: number; path: string; create: boolean; truncate: boolean; append: boolean }
  | { kind: 'mkdir' | 'unlink'; path: string }
  | { kind: 'rename' | 'link'; from: string; to: string }
  /** `at` is null where the file's own position counts. */
  | { kind: 'write'; fd: number; at: number | null; data: Buffer }
  | { kind: 'size'; fd: number; bytes: number; grow: boolean }
  | { kind: 'sync'; fd: number };

const CALLS =
  'open,openat,openat2,creat,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,sync_file_range,syncfs,sync,rename,renameat,' +
  'renameat2,unlink,unlinkat,rmdir,truncate,ftruncate,mkdir,mkdirat,link,linkat,symlink,symlinkat,fallocate,sendfile,' +
  'copy_file_range,io_uring_enter';
/** Opened under this name, a file that is not there: how a program says something into its own trace. */
const MARK = '/mark/';

/** Runs a program of ours under strace and gives what it did in `dir`. Throws at a call that it cannot make sense of. */
export async function traceProgram(dir: string, args: string[], file: string): Promise<Op[]> {
  const strace = ['-f', '-y', '-xx', '-s', '1000000', '-qq', '--seccomp-bpf', '-e', 'signal=none'];
  await promisify(execFile)(
    'strace',
    [...strace, '-e', `trace=${CALLS}`, '-o', file, process.execPath, ...args],
    {
      env: { ...process.env, NODE_OPTIONS: '', UV_USE_IO_URING: '0' },
    },
  );
  return parseTrace(readFileSync(file, 'latin1'), dir);
}

/** The same for the text of a trace. */
export function parseTrace(text: string, dir: string): Op[] {
  const inside = [dir, MARK].map((path) => Buffer.from(path).toString('hex').replace(/../g, '\\x$&'));
  const open = new Map<string, string>();
  const ops: Op[] = [];
  for (const line of text.split('\n')) {
    const half = /^(\d+) +(.*) <unfinished \.\.\.>$/.exec(line);
    if (half) {
      open.set(half[1]!, half[2]!);
      continue;
    }
    const [, thread, rest] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest ?? '');
    const whole = resumed ? `${open.get(thread!) ?? ''}${resumed[1]}` : (rest ?? '');
    if (!inside.some((path) => whole.includes(path))) continue;
    const op = toOp(whole, dir);
    if (op) ops.push(op);
  }
  return ops;
}

const unhex = (s: string): Buffer => Buffer.from(s.replaceAll('\\x', ''), 'hex');

function toOp(call: string, dir: string): Op | null {
  const [, name, args, answer] = /^(\w+)\((.*)\) += (-?\d+)/.exec(call) ?? [];
  if (!name || args === undefined) throw new Error(`strace said: ${call.slice(0, 200)}`);
  const result = Number(answer);
  const strings = [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?/g)].map((m) => {
    if (m[2]) throw new Error('strace cut a string off');
    return unhex(m[1]!);
  });
  const [first = '', second = ''] = strings.map(String);
  if (first.startsWith(MARK)) return { kind: 'mark', text: first.slice(MARK.length) };
  const [, number, of] = /^(\d+)<((?:\\x[0-9a-f]{2})*)>/.exec(args) ?? [];
  const fd = Number(number);
  const numbers = args.split(', ').slice(1).map(Number);
  const data = Buffer.concat(strings).subarray(0, Math.max(0, result));
  // By name, or by descriptor; SQLite makes its -shm anew after a crash.
  const path = number === undefined ? first : String(unhex(of!));
  if (result < 0 || !path.startsWith(dir) || path.endsWith('-shm')) return null;
  switch (name) {
    case 'open':
    case 'openat':
      return {
        kind: 'open',
        fd: result,
        path: first,
        create: args.includes('O_CREAT'),
        truncate: args.includes('O_TRUNC'),
        append: args.includes('O_APPEND'),
      };
    case 'mkdir':
    case 'mkdirat':
      return { kind: 'mkdir', path: first };
    case 'unlink':
    case 'unlinkat':
      return { kind: 'unlink', path: first };
    case 'rename':
    case 'renameat':
    case 'renameat2':
      return { kind: 'rename', from: first, to: second };
    case 'link':
    case 'linkat':
      return { kind: 'link', from: first, to: second };
    case 'write':
    case 'writev':
      return { kind: 'write', fd, at: null, data };
    case 'pwrite64':
    case 'pwritev':
      return { kind: 'write', fd, at: numbers.at(-1)!, data };
    case 'fsync':
    case 'fdatasync':
      return { kind: 'sync', fd };
    case 'ftruncate':
      return { kind: 'size', fd, bytes: numbers[0]!, grow: false };
    case 'fallocate':
      if (numbers[0] === 0) return { kind: 'size', fd, bytes: numbers[1]! + numbers[2]!, grow: true };
  }
  throw new Error(`A system call that the replay does not know: ${name}`);
}
