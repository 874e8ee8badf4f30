import { Readable } from 'node:stream';
import type { Command } from 'commander';
import { zipOf } from '../../assurance/evidence/zip.js';
import { iso } from '../../domain/days.js';
import { fail } from '../../domain/error.js';
import { sizeText } from '../../domain/written.js';
import { programFile } from '../../ops/process/program-files.js';
import type { CliContext } from '../common/context.js';
import { openOutput } from '../common/output.js';
import { examine } from '../doctor.js';
import {
  configuration,
  databases,
  disks,
  findings,
  log,
  logLines,
  metrics,
  status,
  units,
  versions,
} from './collect.js';
import { createMask, readProgram } from './mask.js';

type Options = { lines: string; log?: string; show?: boolean; force?: boolean };

const README = `What "tapedeck support" wrote about a Tapedeck, for the people who help its admins.

It has no recording, no key, no secret, and no name, number or address of anybody. Texts that the program does not contain
itself are replaced by pseudonyms such as ~hbdokeafmp: the same text has the same pseudonym here, and another one in another
bundle. Nobody can turn one back, because the salt was never written down.
`;

/** `tapedeck support`: what helps somebody to help, without what is nobody's business. */
export function support(program: Command, ctx: CliContext): void {
  program
    .command('support')
    .description(
      'write a support bundle: versions, settings, findings, status and log, without secrets, names and numbers',
    )
    .argument('[file]', 'where to write it; default: tapedeck-support-DATE.zip in this folder')
    .option('--show', 'print everything that would be in it, and write nothing')
    .option('--lines <number>', 'so many of the last lines of the log', '5000')
    .option('--log <file>', 'take the log from this file, where systemd does not keep it')
    .option('--force', 'write over a file that is there')
    .addHelpText(
      'after',
      '\nRun it as root, who may read the journal. Nothing leaves this machine: send the file to whom you choose, after you have\nlooked into it.\n\nExamples:\n  tapedeck support\n  tapedeck support --show | less\n  tapedeck support /tmp/bundle.zip --lines 20000',
    )
    .action(async (file: string | undefined, options: Options) => {
      const lines = Number(options.lines);
      if (!Number.isInteger(lines) || lines < 0 || lines > 1_000_000)
        throw fail('request_invalid', '--lines is a number from 0 to 1000000.');
      const now = Date.now();
      const output = options.show
        ? null
        : openOutput(
            file ?? `tapedeck-support-${iso(now).slice(0, 16).replace(/[-:]/g, '')}.zip`,
            options.force,
          );
      try {
        const parts = await collect(ctx, lines, options.log, now);
        if (output === null) {
          for (const { name, text } of parts) ctx.out(`==> ${name} <==\n${text}`);
          return;
        }
        for (const { name, what, text } of parts)
          ctx.out(`${name.padEnd(18)} ${sizeText(Buffer.byteLength(text)).padStart(9)}  ${what}`);
        const files = parts.map(({ name, text }) => ({
          name,
          source: () => Readable.from([Buffer.from(text)]),
        }));
        await output.write(zipOf(new Date(now), 'SHA256SUMS', files));
        ctx.out(`Written to ${output.file}. "tapedeck support --show" prints all of it.`);
      } finally {
        output?.close();
      }
    });
}

type Piece = { name: string; what: string; text: string };

async function collect(
  ctx: CliContext,
  lines: number,
  logFile: string | undefined,
  now: number,
): Promise<Piece[]> {
  const config = ctx.config();
  const program = readProgram(programFile('dist/daemon'));
  const mask = createMask(program);
  // What only root may read comes first: the doctor gives root up.
  const [logged, unitStates, diskSizes, known] = await Promise.all([
    logLines(lines, logFile),
    units(),
    disks(config),
    versions(config),
  ]);
  const found = await examine(ctx);
  const dir = ctx.data();
  const json = (of: unknown) => `${JSON.stringify(of, null, 2)}\n`;
  const pieces: Piece[] = [
    {
      name: 'versions.json',
      what: 'versions of Tapedeck and of the system',
      text: json({ at: iso(now), ...known }),
    },
    {
      name: 'configuration.json',
      what: 'settings: numbers and choices; of texts only whether they are set',
      text: json(configuration(config)),
    },
    { name: 'doctor.json', what: 'what "tapedeck doctor" found', text: json(findings(found, mask)) },
    { name: 'status.json', what: 'what the recorder says of itself', text: json(await status(dir, mask)) },
    { name: 'metrics.txt', what: 'its figures', text: await metrics(dir, mask, program) },
    { name: 'units.json', what: 'state of the services', text: json(unitStates) },
    { name: 'disks.json', what: 'sizes of the disks', text: json(diskSizes) },
    {
      name: 'databases.json',
      what: 'versions of the databases, and how many rows they have',
      text: json(databases(dir)),
    },
    { name: 'log.jsonl', what: `the last ${lines} lines of the log, masked`, text: log(logged, mask) },
  ];
  return [{ name: 'README.txt', what: 'what this is', text: README }, ...pieces];
}
