import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { certificateItems } from '../catalogue/certificates/certificate-file.js';
import { createSqliteReader } from '../catalogue/sqlite/reading/reader.js';
import type { CertificateStatement } from '../domain/certificate/certificate.js';
import { fail } from '../domain/error.js';
import { catalogueFile } from '../domain/paths.js';
import { certificatePaper } from '../paper/certificate-paper.js';
import type { PaperOrder } from '../paper/paper-process.js';

/** The program that makes one PDF of what is in the catalogue and ends: see `runPaper`. It reads only. */
async function main(): Promise<void> {
  const [{ dataDir, certificate: number }] = (await once(process, 'message')) as [PaperOrder];
  const catalogue = createSqliteReader({ path: catalogueFile(dataDir) });
  await catalogue.start();
  try {
    const certificate = await catalogue.certificates.get(number);
    if (!certificate) throw fail('certificate_unknown', String(number));
    const out = new PassThrough();
    const drawn = certificatePaper(
      {
        statement: JSON.parse(certificate.text) as CertificateStatement,
        signature: certificate.signature,
        items: () => certificateItems(catalogue, number),
      },
      out,
    );
    await Promise.all([drawn, pipeline(out, process.stdout)]);
  } finally {
    await catalogue.stop();
  }
}

// Nobody wants it any more.
process.once('disconnect', () => process.exit(1));
main().then(
  () => process.exit(0),
  (e: unknown) => {
    process.stderr.write(`${(e as Error).stack}\n`, () => process.exit(1));
  },
);
