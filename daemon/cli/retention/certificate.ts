import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { PassThrough, Readable } from 'node:stream';
import type { Command } from 'commander';
import { certificateFile, certificateItems } from '../../catalogue/certificates/certificate-file.js';
import {
  type Certificate,
  type CertificateStatement,
  certificateName,
} from '../../domain/certificate/certificate.js';
import {
  certificateFaultWords,
  certificateReader,
  opensslCommands,
} from '../../domain/certificate/certificate-file.js';
import { iso } from '../../domain/days.js';
import { fail } from '../../domain/error.js';
import { certificatePaper } from '../../paper/certificate-paper.js';
import { publicKeys, signatureKeys } from '../../vault/signing-key.js';
import type { CliContext } from '../common/context.js';
import { record } from '../common/entries.js';
import { openOutput } from '../common/output.js';
import { unprovedBy } from '../common/proved.js';
import { table, timesIn } from '../common/table.js';

const PAGE = 200;
/** No line of a certificate is longer, in characters. */
const LONGEST_LINE = 1_000_000;

/** `tapedeck certificate`: signed certificates of erasure. */
export function certificate(program: Command, ctx: CliContext): void {
  const command = program
    .command('certificate')
    .description('list, export and verify certificates of erasure');

  command
    .command('list')
    .description('list the certificates of erasure, newest first')
    .option('--json', 'as JSON, one line per certificate')
    .addHelpText('after', '\nExample:\n  tapedeck certificate list')
    .action(async ({ json }: { json?: boolean }) => {
      const { certificates } = await ctx.catalogue();
      const time = timesIn(ctx.config().site.time_zone);
      const rows: string[][] = [];
      let before = Number.MAX_SAFE_INTEGER;
      for (let page: Certificate[] = []; ; before = page.at(-1)!.number) {
        page = await certificates.list({ before, limit: PAGE });
        for (const one of page)
          if (json)
            ctx.out(
              JSON.stringify({
                ...{
                  number: one.number,
                  issued_at: iso(one.issuedAt),
                  kind: one.kind,
                  recordings: one.items,
                },
                key_id: one.keyId,
              }),
            );
          else rows.push([String(one.number), time(one.issuedAt), one.kind, String(one.items), one.keyId]);
        if (page.length < PAGE) break;
      }
      if (json) return;
      ctx.out(
        rows.length === 0
          ? 'There are no certificates of erasure yet. Tapedeck issues one for each run that erases recordings.'
          : table(['number', 'issued', 'kind', 'recordings', 'key'], rows),
      );
    });

  command
    .command('export')
    .description('write a certificate to a file: the signed JSON, or a PDF of it')
    .argument('<number>', 'number of the certificate, from "tapedeck certificate list"')
    .option('--pdf', 'a PDF to read and print, instead of the signed JSON')
    .option('-o, --output <file>', 'file to write; default: EC-NUMBER.json or .pdf here')
    .option('-f, --force', 'overwrite an existing file')
    .addHelpText(
      'after',
      '\nExamples:\n  tapedeck certificate export 17\n  tapedeck certificate export 17 --pdf --output erasures.pdf',
    )
    .action(async (given: string, { pdf, output: to, force }: ExportOptions) => {
      const number = /^\d{1,9}$/.test(given) ? Number(given) : 0;
      const output = openOutput(to ?? `${certificateName(number)}.${pdf ? 'pdf' : 'json'}`, force);
      try {
        await write(ctx, number, pdf === true, output);
      } finally {
        output.close();
      }
    });

  command
    .command('verify')
    .description('verify a certificate; needs no recorder and no network')
    .argument('<file>', 'the JSON file of a certificate')
    .option('--public-key <file>', 'trust only this public key, from the copy that you keep elsewhere')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `\nExit code 0 if the certificate is as it was signed with the key of --public-key, 1 otherwise. Without that option it is 1\nalso for a good one: the key came with the file. Compare the fingerprint with the one of "tapedeck keys status" then.\n\nTo verify with openssl alone, on any Linux or Mac:\n${opensslCommands(
        'EC-000017.json',
      )
        .map((line) => `  ${line}`)
        .join(
          '\n',
        )}\nThe third line has to print "Signature Verified Successfully", the last one "Items verified".\n\nExample:\n  tapedeck certificate verify EC-000017.json --public-key tapedeck.pem`,
    )
    .action(async (file: string, { publicKey, json }: { publicKey?: string; json?: boolean }) => {
      const found = await verified(file, publicKey);
      const proved = found.fault === null && publicKey !== undefined;
      if (!proved) process.exitCode = 1;
      if (json) return ctx.out(JSON.stringify({ ...found, proved }));
      ctx.out(
        found.fault === null
          ? asText(found.statement, found.fingerprint, publicKey)
          : certificateFaultWords[found.fault],
      );
      if (found.fault === 'key') ctx.out(`Fingerprint of the key in the file: ${found.fingerprint}`);
    });
}

type ExportOptions = { pdf?: boolean; output?: string; force?: boolean };

async function write(
  ctx: CliContext,
  number: number,
  pdf: boolean,
  output: ReturnType<typeof openOutput>,
): Promise<void> {
  const catalogue = await ctx.catalogue();
  const found = await catalogue.certificates.get(number);
  if (!found) throw fail('certificate_unknown', String(number));
  const publicKey = publicKeys(ctx.data()).get(found.keyId);
  if (publicKey === undefined)
    throw fail('signing_key_missing', `The public key ${found.keyId} is not there.`);
  const what = pdf ? 'pdf' : 'json';
  await record(ctx, 'export', { object: 'certificate', object_id: String(number), detail: { what } });
  if (!pdf) return output.write(Readable.from(bytesOf(certificateFile(catalogue, found, publicKey))));
  const out = new PassThrough();
  const statement = JSON.parse(found.text) as CertificateStatement;
  const items = () => certificateItems(catalogue, number);
  const drawn = certificatePaper({ statement, signature: found.signature, items }, out);
  drawn.catch((e) => out.destroy(e));
  await output.write(out);
  await drawn;
}

async function* bytesOf(texts: AsyncIterable<string>): AsyncGenerator<Buffer> {
  for await (const text of texts) yield Buffer.from(text);
}

async function verified(file: string, publicKey: string | undefined) {
  let trusted: string[] | null = null;
  try {
    trusted = publicKey === undefined ? null : [readFileSync(publicKey, 'utf8')];
    const reader = certificateReader(signatureKeys(trusted));
    for await (const line of createInterface({ input: createReadStream(file, 'utf8') })) {
      if (line.length > LONGEST_LINE) throw new Error('a line is too long for a certificate');
      reader.line(line);
    }
    return reader.end();
  } catch (e) {
    const which = trusted === null && publicKey !== undefined ? publicKey : file;
    throw fail('request_invalid', `${which}: ${(e as Error).message}`, e);
  }
}

function asText(s: CertificateStatement, fingerprint: string, publicKey: string | undefined): string {
  const { requested_by: by } = s.erasure;
  return [
    `Valid: certificate ${certificateName(s.number)} of ${s.site.name}, issued ${s.issued_at}.`,
    `Recordings erased: ${s.items.count}, from ${s.executed.from} to ${s.executed.to}.`,
    `Kind: ${s.erasure.kind}. Requested by: ${by === null ? 'not recorded' : by.name || 'Tapedeck, by the retention policy'}.`,
    `Public key, SHA-256: ${fingerprint}`,
    ...unprovedBy(publicKey),
  ].join('\n');
}
