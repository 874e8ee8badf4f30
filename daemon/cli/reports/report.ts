import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { type Command, InvalidArgumentError } from 'commander';
import { fail } from '../../domain/error.js';
import {
  type ReportFormat,
  type ReportName,
  reportFormats,
  reportNames,
} from '../../domain/report/report.js';
import {
  type ReportStatement,
  reportCommands,
  reportFaultWords,
  signedReport,
  verifyReport,
} from '../../domain/report/signed.js';
import { askStream } from '../../ops/control-client.js';
import { publicKeys, signatureKeys } from '../../vault/signing-key.js';
import { day, oneOf } from '../common/arguments.js';
import type { CliContext } from '../common/context.js';
import { onConsole } from '../common/entries.js';
import { openOutput } from '../common/output.js';
import { unprovedBy } from '../common/proved.js';

type Options = { from?: string; to?: string; format: ReportFormat; output?: string; force?: boolean };

const MOST_SIGNED = 1_000_000;

function nameOf(text: string): ReportName {
  const found = reportNames.find((name) => name === text);
  if (!found) throw new InvalidArgumentError(`One of: ${reportNames.join(', ')}.`);
  return found;
}

/** `tapedeck report`: reports as files, signed, and their verification. */
export function report(program: Command, ctx: CliContext): void {
  const command = program
    .command('report')
    .description('create a signed report of a period as CSV, PDF or JSON; verify one')
    .argument('<name>', `which report: ${reportNames.join(', ')}`, nameOf)
    .option('--from <day>', 'first day (YYYY-MM-DD) in the zone of the site; last month by default', day)
    .option('--to <day>', 'last day', day)
    .option('--format <format>', `one of: ${reportFormats.join(', ')}`, oneOf(reportFormats), 'csv')
    .option('-o, --output <file>', 'file to write; the signature goes to FILE.sig.json')
    .option('-f, --force', 'overwrite existing files')
    .addHelpText(
      'after',
      '\nThe recorder creates the report, so it has to be running.\n\nExamples:\n  tapedeck report retention --from 2026-07-01 --to 2026-09-30 --format pdf --output retention.pdf\n  tapedeck report disposal --format csv --output disposal.csv',
    )
    .action(async (name: ReportName, { from, to, format, output, force }: Options) => {
      const file = output ?? `tapedeck-${name}.${format}`;
      const [made, signature] = [openOutput(file, force), openOutput(`${file}.sig.json`, force)];
      try {
        const { head, stream } = await askStream(ctx.data(), 'make_report', {
          ...{ by: onConsole(), report: name, format },
          ...(from === undefined ? {} : { from }),
          ...(to === undefined ? {} : { to }),
        });
        await made.write(stream);
        const kept = await (await ctx.catalogue()).madeReports.get(head.entry);
        const key = publicKeys(ctx.data()).get(kept?.keyId ?? '');
        if (!kept || key === undefined)
          throw fail('signing_key_missing', 'The report was created, and its signature cannot be read.');
        await signature.write(Readable.from([Buffer.from(signedReport(kept, key))]));
        ctx.out(`${file} and ${file}.sig.json were written (audit log entry ${head.entry}).`);
      } finally {
        made.close();
        signature.close();
      }
    });

  command
    .command('verify')
    .description('verify the file of a report with its signature; needs no recorder and no network')
    .argument('<file>', 'the report: CSV, PDF or JSON')
    .argument('<signature>', 'its signature: the file that ends with .sig.json')
    .option('--public-key <file>', 'trust only this public key, from the copy that you keep elsewhere')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `\nExit code 0 if the report is as it was signed with the key of --public-key, 1 otherwise. Without that option it is 1 also\nfor a good one: the key came with the file. Compare the fingerprint with the one of "tapedeck keys status" then.\n\nTo verify with openssl alone, on any Linux or Mac:\n${reportCommands(
        'report.pdf',
        'report.pdf.sig.json',
      )
        .map((line) => `  ${line}`)
        .join(
          '\n',
        )}\nThe third line has to print "Signature Verified Successfully", the last one "Report verified".\n\nExample:\n  tapedeck report verify retention.pdf retention.pdf.sig.json --public-key tapedeck.pem`,
    )
    .action(async (file: string, signature: string, given: { publicKey?: string; json?: boolean }) => {
      const found = await verified(file, signature, given.publicKey);
      const proved = found.fault === null && given.publicKey !== undefined;
      if (!proved) process.exitCode = 1;
      if (given.json) return ctx.out(JSON.stringify({ ...found, proved }));
      ctx.out(
        found.fault === null
          ? asText(found.statement, found.fingerprint, given.publicKey)
          : reportFaultWords[found.fault],
      );
      if (found.fault === 'key') ctx.out(`Fingerprint of the key in the file: ${found.fingerprint}`);
    });
}

async function verified(file: string, signature: string, publicKey: string | undefined) {
  let reading = publicKey ?? '';
  try {
    const keys = signatureKeys(publicKey === undefined ? null : [readFileSync(publicKey, 'utf8')]);
    reading = signature;
    const text = readFileSync(signature, 'utf8');
    if (text.length > MOST_SIGNED) throw new Error('too long for a signature');
    reading = file;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
    return verifyReport(text, hash.digest('hex'), keys);
  } catch (e) {
    throw fail('request_invalid', `${reading}: ${(e as Error).message}`, e);
  }
}

const asText = (s: ReportStatement, fingerprint: string, publicKey: string | undefined): string =>
  [
    `Valid: ${s.report} report of ${s.site.name}, ${s.period.from} to ${s.period.to} (${s.site.time_zone}).`,
    `Created ${s.made.at} for ${s.made.by || 'nobody named'}, by ${s.tool.name} ${s.tool.version}.`,
    `Query: ${s.query}`,
    `Audit log entry: ${s.entry}`,
    `Public key, SHA-256: ${fingerprint}`,
    ...unprovedBy(publicKey),
  ].join('\n');
