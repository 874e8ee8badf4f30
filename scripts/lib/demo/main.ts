import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createEncoderProgram, ENCODER, type EncoderProgram } from '../../../test/support/encoder.js';
import { createLab, startPbx } from '../../../test/support/pbx/pbx.js';
import { createApiClient, createRecorderLab, readIfThere } from '../../../test/support/recorder.js';
import { assemble, beginPolicy, type Cast, createMoreCalls, DECLINE, placeCalls } from './calls.js';
import { verifyCall } from './check.js';
import { CALLER_IDS } from './expected.js';
import { makePast } from './past.js';
import { type Account, openAccounts } from './people.js';
import { backupSettings } from './proofs.js';
import { keepAndErase } from './retention.js';

/** The demo: see scripts/demo. */
const once = process.argv.includes('--once');
const major = process.env.PBX === '16' ? 16 : 22;
const dir = fileURLToPath(new URL('../../../.demo/', import.meta.url));
const started = Date.now();
const say = (text: string) =>
  console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s  ${text}`);

let failures = 0;
function check(good: boolean, text: string): void {
  if (!good) failures += 1;
  console.log(`         ${good ? 'ok  ' : 'FAIL'}  ${text}`);
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

/** Everything that somebody needs who looks at the demo for the first time. */
function invite(address: string, accounts: Account[], sipPort: number): void {
  const width = Math.max(...accounts.map(({ name }) => name.length));
  console.log(
    [
      '',
      `  Dashboard   ${address}`,
      '',
      '  Sign in as',
      ...accounts.map(({ name, password, can }) => `    ${name.padEnd(width)}   ${password}   ${can}`),
      '',
      `  Press Enter to place another call, or call from a SIP phone at 127.0.0.1:${sipPort}.`,
      '  Try a command: scripts/tapedeck doctor',
      '  Press Ctrl-C to end the demo.',
      '',
    ].join('\n'),
  );
}

/** Places a call for each Enter, until somebody ends the demo. */
async function stayUp(cast: Cast): Promise<void> {
  const more = createMoreCalls(cast, say);
  const input = createInterface({ input: process.stdin });
  input.on('line', () => {
    more().then(
      () => say('that call has ended; it is in the dashboard'),
      (e: Error) => say(`that call could not be placed: ${e.message}`),
    );
  });
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  input.close();
  say('ending');
}

/** What Asterisk's own CDRs say of all these calls. The recorder is stopped first: even then each has its witness. */
async function tellCoverage(recorder: ReturnType<typeof createRecorderLab>): Promise<void> {
  await recorder.stopDaemon();
  say('the recorder has stopped; "tapedeck coverage" compares its calls with Asterisk\'s CDRs:');
  // The calls of the last three months were on no PBX.
  const today = ['coverage', '--from', new Date(started).toISOString().slice(0, 10)];
  const { out } = await recorder.command(today);
  console.log(out.trim().replace(/^/gm, '         '));
  const { totals } = JSON.parse((await recorder.command([...today, '--json'])).out);
  check(totals.unwitnessed === 0 && totals.surplus === 0, 'coverage: Asterisk has a CDR of every call');
}

/** The encoder as a user of its own, where there can be one: null otherwise, and ffmpeg runs as the recorder's user. */
async function startEncoder(): Promise<EncoderProgram | null> {
  const encoder = createEncoderProgram();
  try {
    if (!encoder.separate) throw new Error('only root can start it as another user');
    await encoder.start();
    say(`the encoder runs ffmpeg as user id ${ENCODER}`);
    return encoder;
  } catch (e) {
    await encoder.stop();
    say(`ffmpeg runs as the recorder's user, without an encoder: ${(e as Error).message}`);
    return null;
  }
}

async function main(): Promise<number> {
  say(`Asterisk ${major} starts`);
  const pbx = await startPbx({ version: major, name: `demo-${major}`, callerIds: CALLER_IDS });
  say(`Asterisk ${pbx.version} is ready: SIP on port ${pbx.ports.sip}, ARI at ${pbx.ari.url}`);
  const encoder = await startEncoder();
  const sockets = encoder ? `[encode]\nsocket = "${encoder.socket}"\n` : '';
  const extra = `${sockets}[codes]\ndecline = "${DECLINE}"\n${await backupSettings(dir)}`;
  const recorder = createRecorderLab({ dir, pbx, webPort: await webPort(), extra });
  const lab = createLab(pbx);
  const stop = async () => {
    await lab.stop();
    await recorder.stop();
    await encoder?.stop();
    await pbx.stop();
  };
  try {
    const speech = { in: lab.prompt('tt-weasels'), out: lab.prompt('demo-thanks') };
    const masterKeyFile = join(dir, 'master.key');
    const past = await makePast({ dataDir: recorder.dataDir, masterKeyFile, speech, now: started });
    if (past > 0) say(`${past} calls of the last three months are in the catalogue`);
    await recorder.startDaemon();
    say('the recorder is connected to ARI and AMI');
    const { address: listening, setupCode } = await recorder.startWeb();
    // Browsers allow passkeys at a name only, not at an IP address.
    const address = listening.replace('//127.0.0.1:', '//localhost:');
    say(`the dashboard answers at ${address}`);
    const api = createApiClient(address);
    const accounts = await openAccounts({ recorder, api, setupCode, file: join(dir, 'accounts.json') });
    say(`${accounts.map(({ name }) => name).join(', ')} can sign in`);
    const since = new Set((await api.calls()).map((c) => c.id));
    const cast = await assemble(lab);
    await beginPolicy(api);
    const auditor = accounts.find(({ name }) => name === 'auditor')!;
    // What becomes of earlier calls is shown while the new ones go on.
    const [expected] = await Promise.all([
      placeCalls(cast, api, say),
      keepAndErase({ recorder, address, auditor, dir, check, say }),
    ]);
    say('the calls have ended; each is fetched from the dashboard, decoded and listened to');
    await Promise.all(expected.map((call) => verifyCall({ api, lab, since, check }, call)));
    if (!once) {
      invite(address, accounts, pbx.ports.sip);
      await stayUp(cast);
    }
    await tellCoverage(recorder);
    say(
      failures === 0 ? 'every check holds' : `${failures} checks failed; the logs are ${join(dir, '*.log')}`,
    );
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
