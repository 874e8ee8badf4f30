import type { Run } from '../../../ops/process/run-program.js';
import type { PbxFacts } from './facts.js';
import { asteriskArgs, type Places } from './find-pbx.js';
import { fwconsoleOf } from './fwconsole.js';

/** Calls go on during each of these. `http` is a part of Asterisk's core; the others are modules. */
const RELOADS = [
  'module reload http',
  'module reload res_ari.so',
  'manager reload',
  'module reload cdr_manager.so',
  'dialplan reload',
];
/** FreePBX writes its files anew, and a large one takes its time. */
const FWCONSOLE_MS = 300_000;

/** What Asterisk's console prints when it did not do as it was told; its exit code is 0 all the same. */
const REFUSED = /unable to connect|no such command|failed|error/i;

/** Has the PBX read its configuration again. Returns a sentence for each step that failed. */
export async function reloadPbx(
  { kind }: Pick<PbxFacts, 'kind'>,
  run: Run,
  places: Places,
): Promise<string[]> {
  const failed: string[] = [];
  const note = (what: string, out: string) =>
    failed.push(`"${what}" failed: ${out.trim().split('\n').at(-1) ?? ''}`);
  if (kind === 'freepbx') {
    const { code, out } = await fwconsoleOf(run, places)(['reload'], FWCONSOLE_MS);
    if (code !== 0) note('fwconsole reload', out);
  }
  for (const command of RELOADS) {
    const { code, out } = await run(places.asterisk, asteriskArgs(places, command));
    if (code !== 0 || REFUSED.test(out)) note(`asterisk -rx '${command}'`, out);
  }
  return failed;
}
