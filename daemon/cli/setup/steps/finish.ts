import { fail } from '../../../domain/error.js';
import { loadConfig } from '../../../ops/config.js';
import type { Run } from '../../../ops/process/run-program.js';
import { tlsMode } from '../../../ops/tls-mode.js';
import type { AllAnswers } from '../talk/questions.js';
import type { Terminal } from '../talk/terminal.js';
import { offerImport } from './earlier.js';
import { setOffered } from './offered.js';
import { jsonIn, makeTestCall, runDoctor, startUnits, tapedeckCommand } from './services.js';

type Finishing = {
  config: string;
  answers: AllAnswers;
  changed: boolean;
  run: Run;
  /** The folder that may have earlier recordings, and whether somebody can be asked. */
  earlier: { folder: string; asks: boolean };
};

/** Starts the services, has everything checked, makes a test call, and says how to go on. Throws `setup_failed`. */
export async function finish(
  terminal: Terminal,
  { config, answers, changed, run, earlier }: Finishing,
): Promise<void> {
  const tapedeck = tapedeckCommand(run, config);
  await startUnits(run, changed);
  terminal.step('Services started', 'recorder, dashboard, encoder');
  await setOffered(terminal, tapedeck, answers);
  const call = await makeTestCall(tapedeck);
  terminal.step('Test call', call.says);
  const { passed, warned, failed } = await runDoctor(tapedeck);
  terminal.step(
    'Doctor',
    `${passed} checks passed, ${warned.length} warnings, ${failed.length} failed: tapedeck doctor`,
  );
  for (const one of failed) terminal.note(one);
  if (!call.good) throw fail('setup_failed', `The test call was not recorded. ${call.says}`);

  await offerImport(terminal, tapedeck, earlier);
  terminal.answered();

  const { web } = loadConfig(config);
  const scheme = tlsMode(web) === 'off' ? 'http' : 'https';
  const address = `${scheme}://${answers.hosts[0] ?? web.hosts[0] ?? web.address}:${web.port}`;
  const code = (await tapedeck(['user', 'setup-code'])).out.trim().split('\n').at(-1) ?? '';
  const tls = scheme === 'https' ? jsonIn<Tls>((await tapedeck(['tls', 'status', '--json'])).out) : null;
  terminal.title('Tapedeck records');
  terminal.row('Open', address);
  if (/^[A-Z0-9-]{6,}$/i.test(code)) terminal.row('Set-up code', `${code}   for the first account, once`);
  if (tls?.authority) {
    terminal.row('Authority', `${address}/ca.crt`);
    terminal.row('SHA-256', tls.authority.sha256);
    terminal.say();
    terminal.note(
      'Your browser warns until it trusts this authority. Compare the fingerprint before you accept it.',
    );
  }
  terminal.say();
  terminal.note(
    'Run setup again at any time. "tapedeck setup --undo" takes back what it changed at the PBX.',
  );
}

type Tls = { authority: { sha256: string } | null };
