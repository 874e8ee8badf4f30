import fs from 'node:fs';
import { createConnection } from 'node:net';

/*
 * Runs in the place of ffmpeg: what somebody who has taken ffmpeg over can try, as the encoder's child and user. Prints a line of
 * JSON for each try: its name, and what came of it ("done", or the code of the error). The places come from a file beside this
 * one, because the encoder hands on no argument of anybody's.
 */
const {
  read,
  write,
  connect,
  pids,
  hosts = [],
} = JSON.parse(fs.readFileSync(`${import.meta.dirname}/places.json`, 'utf8'));

/** @param {string} name @param {() => unknown} act */
async function attempt(name, act) {
  let came = 'done';
  try {
    came = String((await act()) ?? 'done');
  } catch (e) {
    came = String(e.code ?? e.message);
  }
  process.stdout.write(`${JSON.stringify({ name, came })}\n`);
}

/** @param {import('node:net').NetConnectOpts} to */
const connected = (to) =>
  new Promise((resolve, reject) => {
    const socket = createConnection(to, () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', reject);
  });

await attempt('user', () => `${process.getuid()} ${process.getgid()} ${process.getgroups()}`);
await attempt(
  'capabilities',
  () => /^CapEff:\s*(\w+)/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1],
);
for (const path of read) {
  await attempt(
    `read ${path}`,
    () => void (fs.statSync(path).isDirectory() ? fs.readdirSync(path) : fs.readFileSync(path)),
  );
}
for (const path of write) await attempt(`write ${path}`, () => fs.writeFileSync(path, 'x'));
for (const path of connect) await attempt(`connect ${path}`, () => connected({ path }));
for (const [host, port] of hosts) await attempt(`connect ${host}`, () => connected({ host, port }));
for (const pid of pids) {
  for (const name of ['mem', 'environ', 'maps', 'fd', 'cwd'])
    await attempt(
      `look into the recorder's ${name}`,
      () =>
        void (name === 'fd'
          ? fs.readdirSync(`/proc/${pid}/fd`)
          : fs.openSync(`/proc/${pid}/${name}`, name === 'mem' ? 'r+' : 'r')),
    );
  await attempt('signal the recorder', () => process.kill(pid, 'SIGTERM'));
}
// What it was started with: pipes, and nothing that belongs to the recorder.
await attempt('open descriptors', () =>
  fs
    .readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return fs.readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return '';
      }
    })
    .filter((to) => /^\//.test(to) && !/^\/(dev\/null|proc\/|usr\/)/.test(to))
    .join(' '),
);
