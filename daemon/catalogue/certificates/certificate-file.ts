import type { Certificate, CertificateItem } from '../../domain/certificate/certificate.js';
import {
  certificateEnd,
  certificateLine,
  certificateStart,
} from '../../domain/certificate/certificate-file.js';
import type { Verbs } from '../catalogue.js';

const PAGE = 200;

/** Yields the lines of a certificate's items as they were signed, in their order. Holds 200 at a time. */
export async function* certificateLines(
  catalogue: Verbs<'certificates.items'>,
  number: number,
): AsyncGenerator<string> {
  for (let after = 0; ; ) {
    const page = await catalogue.certificates.items(number, after, PAGE);
    for (const { text } of page) yield text;
    if (page.length < PAGE) return;
    after = page.at(-1)!.seq;
  }
}

/** Yields the items of a certificate. */
export async function* certificateItems(
  catalogue: Verbs<'certificates.items'>,
  number: number,
): AsyncGenerator<CertificateItem> {
  for await (const line of certificateLines(catalogue, number)) yield JSON.parse(line) as CertificateItem;
}

/** Yields the file of a certificate piece by piece, as `tapedeck certificate verify` takes it. */
export async function* certificateFile(
  catalogue: Verbs<'certificates.items'>,
  certificate: Certificate,
  publicKey: string,
): AsyncGenerator<string> {
  yield certificateStart(certificate);
  let at = 0;
  for await (const line of certificateLines(catalogue, certificate.number)) {
    at += 1;
    yield certificateLine(line, at === certificate.items);
  }
  yield certificateEnd(certificate, publicKey);
}
