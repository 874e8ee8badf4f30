import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import fs from 'node:fs';
import { createConnection, createServer } from 'node:net';

/*
 * Run in the place of a unit's program, with all that its unit takes away: what that program could try on the machine. Prints a line
 * of JSON for each try: its name, and what came of it ("done", or the code of the error). Nothing that it does harms anything where
 * it is allowed: run without a unit, as root, all of it has to be done.
 */
const {
  read,
  list,
  write,
  make,
  sockets,
  hosts,
  pid,
  address,
  unit,
  own,
  grow = [],
  fill = [],
} = JSON.parse(process.argv[2]);
const TIMEOUT_MS = 3_000;

/** @param {string} name @param {() => unknown} act */
async function attempt(name, act) {
  let came = 'done';
  try {
    await act();
  } catch (e) {
    came = String(e.code ?? (typeof e.status === 'number' ? `exit ${e.status}` : e.message));
  }
  process.stdout.write(`${JSON.stringify({ name, came })}\n`);
}
const quiet = { stdio: 'ignore', timeout: 15_000 };
/** @param {string} program @param {string[]} args */
const run = (program, ...args) => execFileSync(program, args, quiet);
const connected = (to) =>
  new Promise((resolve, reject) => {
    const socket = createConnection(to, () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.setTimeout(TIMEOUT_MS, () => {
      socket.destroy();
      reject(Object.assign(new Error(), { code: 'ETIMEDOUT' }));
    });
    socket.once('error', reject);
  });

for (const path of read) await attempt(`read ${path}`, () => fs.closeSync(fs.openSync(path, 'r')));
for (const path of list) await attempt(`list ${path}`, () => fs.readdirSync(path));
for (const path of write) await attempt(`write ${path}`, () => fs.closeSync(fs.openSync(path, 'r+')));
for (const path of make)
  await attempt(`make a file in ${path}`, () => {
    fs.writeFileSync(`${path}/x-tried`, '');
    fs.unlinkSync(`${path}/x-tried`);
  });
for (const path of sockets) await attempt(`connect to ${path}`, () => connected({ path }));
for (const [host, port] of hosts) {
  await attempt(`connect to ${host}`, () => connected({ host, port }));
  await attempt(
    `send to ${host}`,
    () =>
      new Promise((resolve, reject) => {
        const socket = createSocket('udp4').once('error', reject);
        socket.send('x', port, host, (e) => {
          socket.close();
          if (e) reject(e);
          else resolve(undefined);
        });
      }),
  );
}
await attempt(
  'listen on a port',
  () =>
    new Promise((resolve, reject) => {
      const server = createServer()
        .once('error', reject)
        .listen(0, '127.0.0.1', () => server.close(resolve));
    }),
);

await attempt('see the other process', () => fs.statSync(`/proc/${pid}`));
await attempt('signal the other process', () => process.kill(pid, 0));
for (const name of ['mem', 'environ', 'maps'])
  await attempt(`open ${name} of the other process`, () =>
    fs.closeSync(fs.openSync(`/proc/${pid}/${name}`, name === 'mem' ? 'r+' : 'r')),
  );
await attempt('list the descriptors of the other process', () => fs.readdirSync(`/proc/${pid}/fd`));
/** System calls, by their names in libc; each gives -1 when it is refused. */
const call = (text) =>
  run(
    '/usr/bin/python3',
    '-c',
    `import ctypes,sys\nlibc=ctypes.CDLL(None)\nlibc.syscall.restype=ctypes.c_long\nsys.exit(9 if ${text} < 0 else 0)`,
  );
// PTRACE_SEIZE.
await attempt('trace the other process', () => call(`libc.ptrace(0x4206, ${pid}, None, None)`));
await attempt('read its memory by system call', () =>
  run(
    '/usr/bin/python3',
    '-c',
    [
      'import ctypes, sys',
      'libc = ctypes.CDLL(None)',
      'class Part(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]',
      'here = Part(ctypes.cast(ctypes.create_string_buffer(16), ctypes.c_void_p), 16)',
      `there = Part(${address}, 16)`,
      `sys.exit(0 if libc.process_vm_readv(${pid}, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) == 16 else 9)`,
    ].join('\n'),
  ),
);
const RESVSP =
  'fcntl.ioctl(f, 0x40305828, struct.pack("=hhxxxxqqIi16x", 0, 0, 0, 1<<26, 0, 0)) == 0 and sys.exit(0)';
const KEEP =
  'sys.exit(9 if ctypes.CDLL(None).fallocate(f, 1, ctypes.c_long(0), ctypes.c_long(1<<26)) < 0 else 0)';
for (const path of grow)
  for (const [name, act] of Object.entries({
    grow: 'os.pwrite(f, b"x", 1<<26)',
    'keep room with fallocate beyond': KEEP,
    'keep room with ioctl beyond': RESVSP,
  }))
    await attempt(`${name} ${path}`, () => {
      const { size } = fs.statSync(path);
      const text = `import ctypes,fcntl,os,struct,sys\nf=os.open(${JSON.stringify(path)}, os.O_RDWR)\n${act}`;
      try {
        run('/usr/bin/python3', '-c', text);
      } finally {
        fs.truncateSync(path, size);
      }
    });
for (const path of fill) {
  await attempt(`fill ${path} with 100 MB`, () => {
    const file = `${path}/x-filled`;
    try {
      for (let n = 0; n < 5; n++) fs.writeFileSync(`${file}-${n}`, Buffer.alloc(20_000_000));
    } finally {
      for (let n = 0; n < 5; n++) fs.rmSync(`${file}-${n}`, { force: true });
    }
  });
  await attempt(`make 2,000 files in ${path}`, () => {
    try {
      for (let n = 0; n < 2_000; n++) fs.writeFileSync(`${path}/x-many-${n}`, '');
    } finally {
      for (let n = 0; n < 2_000; n++) fs.rmSync(`${path}/x-many-${n}`, { force: true });
    }
  });
}
await attempt('be root', () => call('libc.setuid(0)'));
await attempt('name the machine', () => run('hostname', fs.readFileSync('/etc/hostname', 'utf8').trim()));
await attempt('mount something', () => run('unshare', '--mount', 'mount', '-t', 'tmpfs', 'x', '/mnt'));
await attempt('have a user namespace', () => run('unshare', '--user', 'true'));
await attempt('have a network namespace', () => run('unshare', '--net', 'true'));
await attempt('open a raw socket', () =>
  run('/usr/bin/python3', '-c', 'import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)'),
);
await attempt('open a packet socket', () =>
  run('/usr/bin/python3', '-c', 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3)'),
);
await attempt('make a program set-user-id', () => {
  const file = `${own}/x-suid`;
  fs.writeFileSync(file, '');
  try {
    fs.chmodSync(file, 0o4755);
  } finally {
    fs.unlinkSync(file);
  }
});
await attempt('signal a service by way of systemd', () => run('systemctl', 'kill', '--signal=SIGCONT', unit));
process.exit(0);
