import { X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { fail } from '../domain/error.js';
import { tlsFiles } from '../domain/paths.js';
import { readPlain } from '../ops/read-plain.js';
import { tlsMode } from '../ops/tls-mode.js';
import type { CliContext } from './common/context.js';
import { lines } from './common/table.js';

/** `tapedeck tls`: the certificate of the dashboard, and the authority that people are to trust. */
export function tls(program: Command, ctx: CliContext): void {
  const command = program
    .command('tls')
    .description('show the certificate of the dashboard, and its certificate authority');

  command
    .command('status')
    .description('show the certificate that the dashboard serves, its names and its expiry date')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExit code 1 if it has expired, or if there is none yet.\n\nExample:\n  tapedeck tls status',
    )
    .action(({ json }: { json?: boolean }) => {
      const { web } = ctx.config();
      const mode = tlsMode(web);
      if (mode === 'off') {
        ctx.out(
          json
            ? JSON.stringify({ mode })
            : 'The dashboard speaks plain HTTP, to this machine only. Set [web] address, or tls, for others.',
        );
        return;
      }
      const { served, authority } = tlsFiles(ctx.data());
      const leaf = read(served);
      const ca = mode === 'own' ? read(authority) : null;
      const told = {
        mode,
        names: (leaf.subjectAltName ?? '').replaceAll(/(DNS|IP Address):/g, ''),
        from: new Date(leaf.validFrom).toISOString(),
        until: new Date(leaf.validTo).toISOString(),
        sha256: leaf.fingerprint256,
        authority: ca && { sha256: ca.fingerprint256, until: new Date(ca.validTo).toISOString() },
      };
      if (Date.parse(told.until) < Date.now()) process.exitCode = 1;
      if (json) return ctx.out(JSON.stringify(told, null, 2));
      ctx.out(
        lines([
          ['Certificate', `[web] tls = "${mode}"`],
          ['Names', told.names],
          ['Good until', `${told.until} (since ${told.from})`],
          ['SHA-256', told.sha256],
          ...(told.authority
            ? [['Authority', `${told.authority.sha256}, good until ${told.authority.until}`]]
            : []),
        ]),
      );
    });

  command
    .command('ca')
    .description(
      "print the certificate of Tapedeck's own authority, for browsers to trust; its fingerprint goes to standard error",
    )
    .addHelpText('after', '\nExample:\n  tapedeck tls ca > tapedeck-ca.crt')
    .action(() => {
      const { web } = ctx.config();
      if (tlsMode(web) !== 'own')
        throw fail('request_invalid', 'The certificate is not by an authority of this box ([web] tls).');
      const ca = read(tlsFiles(ctx.data()).authority);
      ctx.out(ca.toString());
      ctx.err(`SHA-256 ${ca.fingerprint256}`);
    });
}

function read(file: string): X509Certificate {
  if (!statSync(file, { throwIfNoEntry: false })?.size)
    throw fail('tls_invalid', `${file} is not there: the dashboard makes it when it starts.`);
  try {
    return new X509Certificate(readPlain(file));
  } catch (e) {
    throw fail('tls_invalid', `${file}: ${(e as Error).message}`, e);
  }
}
