import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { findUnsteady, INSTEAD, type Kind, type Unsteady } from '../../support/house/steady.js';
import { ROOT, within } from '../../support/imports.js';

/**
 * A test fails because of the code, and not because the machine is busy: it does not bound elapsed time or a wait, sleep, draw a port before
 * it uses it, or read a log without a wait.
 */

/** They measure or attack, alone on a machine. */
const APART = ['test/bench', 'test/pentest'];
/** Phones that talk, for so many `seconds`. */
const TALKS = /^test\/(pbx|support\/pbx)\/|^test\/support\/name-attacks\.ts$/;

type Counts = Partial<Record<Kind, number>>;
/** What may: it looks again and again until something has come true, or is `seconds` or `freePort` itself. */
const MAY: Record<string, Counts> = {
  'test/support/booted/locked.ts': { sleep: 1 },
  'test/support/booted/machine.ts': { sleep: 2 },
  'test/support/peers/free-port.ts': { port: 1 },
  'test/support/recorder.ts': { elapsed: 1, sleep: 2 },
  // An Asterisk that listens at its ports only after it was reloaded.
  'test/support/pbx/over-tls.ts': { port: 1 },
  'test/support/setup/debian-asterisk.ts': { port: 1 },
  'test/support/web/browser.ts': { sleep: 2 },
  'test/pbx/setup/debian.test.ts': { sleep: 2 },
  // A second INVITE after one that crossed another waits as RFC 3261 says.
  'test/support/pbx/sip/call.ts': { sleep: 1 },
  // Nothing waits for this timer: it stands for one that the program keeps.
  'test/pbx/clock.test.ts': { sleep: 1 },
  // How long people talk, how fast events come, and when chance kills: what these are for.
  'test/support/pbx/stage.ts': { sleep: 1 },
  'test/support/pbx/storm.ts': { elapsed: 1 },
  'test/support/pbx/sweep.ts': { sleep: 13 },
  // A length between two others that were measured around it, however long those are.
  'test/pbx/crash.test.ts': { elapsed: 1 },
  // How often peers that do not work are tried in twenty seconds, at most.
  'test/pbx/links.test.ts': { elapsed: 3 },
};
/** Tests on real PBXs that are still to be mended. Each of these numbers only becomes smaller. */
const LEFT: Record<string, Counts> = {
  'test/pbx/clock.test.ts': { elapsed: 1 },
  'test/pbx/elsewhere/moved.test.ts': { port: 1 },
  'test/pbx/starved.test.ts': { elapsed: 1 },
};

const sources = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  .map((file) => join('test', file))
  .filter((path) => /\.ts$/.test(path) && !within(path, ...APART))
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

t.test('no test depends on how busy the machine is', async (t) => {
  const places = new Map<string, Unsteady[]>();
  for (const source of sources)
    for (const place of findUnsteady(source)) {
      if (TALKS.test(place.path) && place.text.startsWith('seconds(')) continue;
      const key = `${place.path} ${place.kind}`;
      places.set(key, [...(places.get(key) ?? []), place]);
    }
  const listed = new Map<string, number>();
  for (const [path, counts] of [...Object.entries(MAY), ...Object.entries(LEFT)])
    for (const [kind, count] of Object.entries(counts)) listed.set(`${path} ${kind}`, count);
  for (const [key, found] of places) {
    if (found.length <= (listed.get(key) ?? 0)) continue;
    for (const { path, line, kind, text } of found)
      t.fail(`${path}:${line}: ${text}\n${INSTEAD[kind]}`, { at: null });
  }
  for (const [key, count] of listed)
    t.ok((places.get(key)?.length ?? 0) >= count, `${key} in this file's list: fewer than ${count} are left`);
});

t.test('each way of depending on it is found', async (t) => {
  const kindsIn = (text: string, path = 'test/unit/x.test.ts') =>
    findUnsteady({ path, text }).map(({ kind }) => kind);
  const TIMERS = `import { setTimeout as wait } from 'node:timers/promises';`;
  const found: [Kind, string][] = [
    ['elapsed', 'const began = performance.now(); t.ok(performance.now() - began < 5_000);'],
    ['elapsed', 'const began = Date.now(); t.ok(10_000 >= Date.now() - began, "soon");'],
    ['elapsed', 'const began = Date.now(); const n = Math.round(Date.now() - began); t.ok(n < 10);'],
    ['elapsed', 'const a = process.hrtime.bigint(); const b = process.hrtime.bigint(); t.ok(b - a < 10n);'],
    ['elapsed', 'const a = Date.now(); if (Date.now() - a > 2_000) throw new Error("slow");'],
    ['elapsed', 'const a = Date.now(); const b = Date.now() - a; t.equal(b < 9, true);'],
    ['elapsed', 'const took = await asked(); t.ok(took < 2_000);'],
    ['elapsed', 'if (slowest > MOST_MS) throw new Error("slow");'],
    ['elapsed', 't.ok(Math.max(...took.slice(1)) < 500);'],
    ['elapsed', 't.ok(result.tookMs <= 20_000);'],
    ['elapsed', 't.ok(rows.every(({ at }) => Math.abs(Date.now() - at) < 60_000));'],
    ['elapsed', 't.ok(row.at > Date.now() - 5_000);'],
    ['limit', 't.setTimeout(60_000); socket.setTimeout(1_000);'],
    ['limit', `await until('it', () => true, 60_000);`],
    ['sleep', `${TIMERS} await wait(50);`],
    ['sleep', `${TIMERS} while (!done) await wait(5);`],
    ['sleep', `import { setTimeout } from 'timers/promises'; await setTimeout(50);`],
    ['sleep', `import { seconds } from '../support/recorder.js'; await seconds(0.2);`],
    ['sleep', 'await new Promise((resolve) => setTimeout(resolve, 50));'],
    ['sleep', 'await new Promise((r) => { setTimeout(r, 50); });'],
    ['sleep', 'setTimeout(() => go(), 200);'],
    ['port', `import { freePort } from '../support/peers/free-port.js';`],
    ['port', `import { freePort as draw, REFUSED } from '../support/peers/free-port.js';`],
    ['port', 'async function freePort() { return 1; }'],
    ['port', 'const unusedPort = async () => 1;'],
    ['log', `t.match(readFileSync(join(dir, 'run.log'), 'utf8'), /ready/);`],
    ['log', `t.ok(readIfThere(name + '.log')?.includes('ready'));`],
  ];
  for (const [kind, text] of found) t.same(kindsIn(text), [kind], text);
  t.same(kindsIn('await new Promise((done) => setTimeout(done, 9));', 'test/support/x.ts'), ['sleep']);
  const [one] = findUnsteady({ path: 'test/x.test.ts', text: `${TIMERS}\n\nawait wait(\n  50,\n);` });
  t.same(one, { path: 'test/x.test.ts', line: 3, kind: 'sleep', text: 'wait( 50, )' });

  for (const text of [
    'const before = Date.now(); await act(); t.ok(row.at >= before && row.at <= Date.now());',
    'const began = Date.now(); t.comment(String(Date.now() - began));',
    't.ok(call.durationMs < 20_000);',
    't.ok(took.length >= 3); t.ok(late.from > 5);',
    'const old = Date.now() - 40 * DAY; t.equal(erase(old), 1); t.ok(count > 3);',
    'const { user } = process.cpuUsage(before); t.ok(user < 5_000_000);',
    `import { setImmediate as turn } from 'node:timers/promises'; await turn();`,
    `await until('the call', () => calls.length === 1);`,
    `import { until } from '../support/recorder.js'; await until('it', () => true, 300_000);`,
    'socket.setTimeout(1_000);',
    'mock.timers.tick(5_000);',
    `import { onFreePort, REFUSED } from '../support/peers/free-port.js'; await onFreePort(start);`,
    'server.listen(0); const { port } = server.address();',
    `await until('it', () => /ready/.test(readFileSync('run.log', 'utf8')));`,
    `t.notMatch(readFileSync('run.log', 'utf8'), /password/);`,
    `t.match(readFileSync('tapedeck.toml', 'utf8'), /port/);`,
  ])
    t.same(kindsIn(text), [], text);
  for (const text of [
    'while (!(await ready())) if (Date.now() > deadline) throw new Error("not ready");',
    'const began = performance.now(); for (; performance.now() - began < DEADLINE; ) await look();',
    'const late = setTimeout(() => child.kill(), 90_000); clearTimeout(late);',
    'await new Promise((resolve) => { const late = setTimeout(() => child.kill(), 9); child.once("exit", resolve); });',
  ])
    t.same(kindsIn(text, 'test/support/x.ts'), [], text);
});
