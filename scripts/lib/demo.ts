import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { decode, hear, rmsDb } from '../../test/support/audio.js';
import { createLab, type Lab, type PromptName, startPbx } from '../../test/support/pbx.js';
import {
  type ApiClient,
  type CallView,
  createApiClient,
  createRecorderLab,
  readIfThere,
  until,
} from '../../test/support/recorder.js';
import { lasting, readPrompt, sequence, silence, wavSource } from '../../test/support/sources.js';

/** The demo: see scripts/demo. */
const once = process.argv.includes('--once');
const major = process.env.PBX === '16' ? 16 : 22;
const dir = fileURLToPath(new URL('../../.demo/', import.meta.url));
const started = Date.now();
const say = (text: string) =>
  console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s  ${text}`);

/** What each side says: silence, then a spoken prompt. */
type Script = {
  left: PromptName | null;
  right: PromptName | null;
  what: string;
  find: (c: CallView) => boolean;
  expect: 'recorded' | 'excluded' | 'none';
};

let failures = 0;
function check(good: boolean, text: string): void {
  if (!good) failures += 1;
  console.log(`         ${good ? 'ok  ' : 'FAIL'}  ${text}`);
}

async function place(lab: Lab): Promise<Script[]> {
  const speak = (prompt: PromptName, after: number) => () =>
    sequence([lasting(after, silence()), wavSource(lab.prompt(prompt)), silence()]);
  const anna = await lab.phone('100', { displayName: 'Anna Field', source: speak('demo-thanks', 4) });
  const ben = await lab.phone('101', { displayName: 'Ben Orchard', source: speak('vm-intro', 4) });
  await lab.phone('102', {
    displayName: 'Carla Reyes',
    source: speak('vm-intro', 4),
    answerAfterMs: null,
  });
  const dana = await lab.phone('103', { displayName: 'Dana Wolff', source: speak('tt-weasels', 1) });
  const carrier = await lab.carrier({ source: speak('vm-intro', 4) });

  say('an outside caller rings 5551000 and Anna (100) answers');
  say('Ben (101) takes a call from the queue "support"');
  say('Dana (103) rings an outside number');
  const inbound = await carrier.call('5551000', {
    caller: { number: '+442079460123', name: 'Ines "Acme" Okafor' },
    source: speak('tt-weasels', 1)(),
  });
  const queued = await carrier.call('5552000', {
    caller: { number: '+13125550144', name: 'Jo Park' },
    source: speak('tt-weasels', 1)(),
  });
  const out = await dana.call('9020794600999', { source: speak('tt-weasels', 1)() });
  await Promise.all([inbound.answered, queued.answered, out.answered]);
  await wait(11_000);
  await Promise.all([inbound.hangup(), queued.hangup(), out.hangup()]);

  say('Dana rings the echo test (950), which gives back what she says');
  const echo = await dana.call('950', { source: speak('tt-weasels', 1)() });
  say('Anna rings the emergency number 112, which is never recorded');
  const emergency = await anna.call('112');
  say('Ben rings Carla (102), who does not answer');
  const missed = await ben.call('102');
  await Promise.all([echo.answered, emergency.answered]);
  await wait(5_500);
  await Promise.all([echo.hangup(), emergency.hangup(), missed.hangup()]);

  return [
    {
      what: 'outside caller and Anna',
      left: 'tt-weasels',
      right: 'demo-thanks',
      expect: 'recorded',
      find: (c) => c.them.number === '+442079460123',
    },
    {
      what: 'queue call and Ben',
      left: 'tt-weasels',
      right: 'vm-intro',
      expect: 'recorded',
      find: (c) => c.them.number === '+13125550144',
    },
    {
      what: 'Dana to the outside',
      left: 'vm-intro',
      right: 'tt-weasels',
      expect: 'recorded',
      find: (c) => c.direction === 'out' && c.us.number === '103',
    },
    {
      what: 'echo test',
      left: 'tt-weasels',
      right: 'tt-weasels',
      expect: 'recorded',
      find: (c) => c.us.number === '950',
    },
    {
      what: 'emergency call',
      left: null,
      right: null,
      expect: 'excluded',
      find: (c) => c.them.number === '112',
    },
    {
      what: 'unanswered call',
      left: null,
      right: null,
      expect: 'none',
      find: (c) => c.them.number === '101' && c.us.number === '102',
    },
  ];
}

async function verify(api: ApiClient, lab: Lab, script: Script, since: Set<string>): Promise<void> {
  const fresh = async () =>
    (await api.calls()).find(
      (c) => !since.has(c.id) && script.find(c) && c.state === 'ended' && c.coverage.status !== 'pending',
    );
  const call = await until(`the call "${script.what}" in the dashboard`, fresh, 30_000).catch((e: Error) => {
    check(false, e.message);
    return null;
  });
  if (!call) return;
  const status = call.coverage.status;
  const reason = call.coverage.rule ?? call.coverage.reason;
  check(status === script.expect, `${script.what}: ${status}${reason ? ` (${reason})` : ''}`);
  if (script.expect !== 'recorded') {
    check(call.recording === null, `${script.what}: no audio is kept`);
    return;
  }
  if (!call.recording) return;
  const sound = await decode(await api.audio(call.id), 8000);
  const seconds = sound.channels[0]!.length / sound.rate;
  check(
    sound.channels.length === 2 && Math.abs(seconds * 1000 - call.talk_ms!) < 150,
    `${script.what}: stereo, ${seconds.toFixed(2)} s of ${(call.talk_ms! / 1000).toFixed(2)} s`,
  );
  const heard = (
    [
      ['left', 0, script.left],
      ['right', 1, script.right],
    ] as const
  ).map(([side, n, prompt]) => {
    const found = hear(readPrompt(lab.prompt(prompt!)), sound.channels[n]!, sound.rate);
    const slip = Math.abs(found.slipMs) > 1 ? `, slipped by ${found.slipMs.toFixed(0)} ms` : '';
    check(
      found.correlation >= 0.9 && found.share >= 0.8 && Math.abs(found.slipMs) <= 40,
      `${script.what}: "${prompt}" is on the ${side} (correlation ${found.correlation.toFixed(3)} at ${(found.atMs / 1000).toFixed(2)} s${slip})`,
    );
    return found.atMs / 1000;
  });
  if (script.what === 'echo test') {
    const skew = Math.abs(heard[1]! - heard[0]!) * 1000;
    check(skew <= 40, `${script.what}: the two sides are ${skew.toFixed(0)} ms apart`);
    return;
  }
  // While one speaks first the other is silent.
  const [early, quiet] = heard[0]! < heard[1]! ? [0, 1] : [1, 0];
  const from = Math.round((heard[early]! + 0.1) * sound.rate);
  const level = rmsDb(sound.channels[quiet]!.subarray(from, from + 2 * sound.rate));
  check(
    level < -40,
    `${script.what}: the ${quiet === 0 ? 'left' : 'right'} side is silent while the other speaks (${Math.max(level, -120).toFixed(0)} dB)`,
  );
}

/** The port that the demo had before, or else a free one, so that a bookmark stays true. */
async function webPort(): Promise<number> {
  const had = Number(
    /^\[web\]\nport = (\d+)/m.exec(readIfThere(join(dir, 'tapedeck.toml')) ?? '')?.[1] ?? 8090,
  );
  const free = (port: number) =>
    new Promise<number>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(0));
      server.listen(port, '127.0.0.1', () => {
        const { port: got } = server.address() as { port: number };
        server.close(() => resolve(got));
      });
    });
  return (await free(had)) || (await free(0));
}

async function main(): Promise<number> {
  say(`Asterisk ${major} starts`);
  const pbx = await startPbx({ version: major, name: `demo-${major}` });
  say(`Asterisk ${pbx.version} is ready: SIP on port ${pbx.ports.sip}, ARI at ${pbx.ari.url}`);
  const recorder = createRecorderLab({ dir, pbx, webPort: await webPort() });
  const lab = createLab(pbx);
  const stop = async () => {
    await lab.stop();
    await recorder.stop();
    await pbx.stop();
  };
  try {
    await recorder.startDaemon();
    say('the recorder is connected to ARI and AMI');
    const { address, setupCode } = await recorder.startWeb();
    say(`the dashboard answers at ${address}`);
    const loginFile = join(dir, 'login');
    const api = createApiClient(address);
    let password = readIfThere(loginFile)?.trim() ?? '';
    if (setupCode) {
      password = randomBytes(12).toString('base64url');
      writeFileSync(loginFile, `${password}\n`, { mode: 0o600 });
      await api.setUp(setupCode, 'demo', password);
      say('the first user, "demo", was made with the set-up code');
    } else await api.signIn('demo', password);
    const before = new Set((await api.calls()).map((c) => c.id));
    const scripts = await place(lab);
    say('the calls have ended; each is fetched from the dashboard, decoded and listened to');
    for (const script of scripts) await verify(api, lab, script, before);
    say(
      failures === 0 ? 'every check holds' : `${failures} checks failed; the logs are ${join(dir, '*.log')}`,
    );
    if (!once) {
      console.log(
        `\n  Dashboard   ${address}\n  Sign in as  demo\n  Password    ${password}\n\n  Ring more calls with any SIP phone at 127.0.0.1:${pbx.ports.sip}, or try "scripts/tapedeck doctor".\n  Ctrl-C ends it.\n`,
      );
      await new Promise<void>((resolve) => {
        process.once('SIGINT', resolve);
        process.once('SIGTERM', resolve);
      });
      say('ending');
    }
  } finally {
    await stop();
  }
  return failures === 0 ? 0 : 1;
}

process.exit(
  await main().catch((e: Error) => {
    console.error(`demo: ${e.message}`);
    return 1;
  }),
);
