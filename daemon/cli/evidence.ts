import { type Command, Option } from 'commander';
import { evidencePack } from '../assurance/evidence/pack.js';
import { fail } from '../domain/error.js';
import { ask } from '../ops/control-client.js';
import { version } from '../ops/process/version.js';
import { evidenceDeps } from '../vault/evidence.js';
import { knownOf } from '../vault/register.js';
import type { CliContext } from './common/context.js';
import { metDamage, onConsole, record } from './common/entries.js';
import { type Output, openOutput } from './common/output.js';
import { timesIn } from './common/table.js';

type Options = { output?: string; out?: string; reason: string; force?: boolean };

/** `tapedeck evidence CALL`: a ZIP with which somebody who trusts nobody here can verify a recording. */
export function evidence(program: Command, context: CliContext): void {
  program
    .command('evidence')
    .description('create a self-verifying evidence ZIP of a call')
    .argument('<call>', 'id of the call, from "tapedeck calls"')
    .option('-o, --output <file>', 'file to write; default: tapedeck-evidence-CALL.zip here')
    .addOption(new Option('--out <file>').hideHelp()) // its name before
    .option('--reason <text>', 'why it is exported; shown on the cover sheet and in the audit log', '')
    .option('-f, --force', 'overwrite an existing file')
    .addHelpText(
      'after',
      '\nThe ZIP contains the unencrypted audio and the list of who listened to it; erasing the recording does not affect it. Its\nREADME.txt describes how to verify it with a verify.html from another source: /verify.html on the dashboard.\n\nExample:\n  tapedeck evidence 01JDK3V7Q8ZM5T4R2XW9YB6C1E --reason "Case 2026/17" --output case-17.zip',
    )
    .action(async (id: string, { output: to, out, reason, force }: Options) => {
      if (!/^[0-9A-Z]+$/i.test(id)) throw fail('call_unknown', id);
      const output = openOutput(to ?? out ?? `tapedeck-evidence-${id.toUpperCase()}.zip`, force);
      try {
        await context.holdMaster();
        await write(context, id.toUpperCase(), reason, output);
      } finally {
        output.close();
      }
    });
}

async function write(context: CliContext, id: string, reason: string, output: Output): Promise<void> {
  const { site } = context.config();
  const catalogue = await context.catalogue();
  const call = await catalogue.calls.get(id);
  if (!call || call.test) throw fail('call_unknown', id);
  const dataDir = context.data();
  const damaged = async (e: unknown) => {
    if (call.recording) await metDamage(context, call.recording, e);
    throw e;
  };
  const pack = await evidencePack(
    {
      ...evidenceDeps(dataDir, context.recordings(), async (id) => (await context.keys()).identity(id)),
      catalogue,
      registered: async ({ id }) => knownOf((await context.keys()).register(), id),
      recorder: {
        key: () =>
          ask(dataDir, 'checkpoints').then(
            (answer) => answer.key.id,
            () => null,
          ),
        sign: async () => (await ask(dataDir, 'sign_checkpoint')).note,
      },
      write: (about) => record(context, 'export', about),
      site: { name: site.name, timeZone: site.time_zone },
      version: version(),
      now: () => Date.now(),
    },
    call,
    { by: `${onConsole().console}, at the console of the box`, reason },
  ).catch(damaged);
  await output.write(pack.stream).catch(damaged);
  const at = timesIn(site.time_zone)(Date.parse(pack.checkpoint.at));
  context.err(`${output.file}: the audit log is signed to entry ${pack.checkpoint.size}, ${at}.`);
  if (!pack.fresh)
    context.err(
      'The recorder does not run, so this is the newest checkpoint that there was: this export is not in it, and only the\nrecording and its manifest are proven. With the recorder running, export it again.',
    );
}
