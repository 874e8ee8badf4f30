import type { Writable } from 'node:stream';
import { zoned } from '../domain/call/story.js';
import {
  type CertificateItem,
  type CertificateStatement,
  certificateName,
  type ErasureKind,
} from '../domain/certificate/certificate.js';
import { opensslCommands } from '../domain/certificate/certificate-file.js';
import { durationText, sizeText } from '../domain/written.js';
import { NO_SIGN } from './drawing.js';
import { type Paper, writePaper } from './paper.js';

/** A certificate to be drawn. `items` is asked for twice, and has to yield the same both times. */
export type CertificateOnPaper = {
  statement: CertificateStatement;
  signature: string;
  items: () => AsyncIterable<CertificateItem>;
};

const KINDS: Record<ErasureKind | 'unknown', string> = {
  retention: 'Retention run',
  by_hand: 'Erased by hand',
  request: 'Request for erasure',
  room: 'Retention run, started early because the disk was short of space',
  redaction: 'Redaction: the older version was erased',
  unknown: 'Not recorded',
};
const DEVICES = {
  ssd: 'SSD, as the operating system reports it',
  hdd: 'hard disk, as the operating system reports it',
  unknown: 'unknown kind of device',
};

/** Writes a certificate of erasure as PDF. Every field of it is there; the JSON file is what is signed. */
export function certificatePaper(certificate: CertificateOnPaper, out: Writable): Promise<void> {
  const { statement } = certificate;
  const name = certificateName(statement.number);
  return writePaper(
    {
      title: `Certificate of erasure ${name}`,
      author: `Tapedeck at ${statement.site.name}`,
      made: statement.issued_at,
      foot: `Certificate of erasure ${name}`,
    },
    out,
    (paper) => draw(paper, certificate, name),
  );
}

async function draw(paper: Paper, { statement: s, signature, items }: CertificateOnPaper, name: string) {
  const { title, paragraph, heading, fact, points, code, grouped } = paper;
  const local = zoned(s.site.time_zone);
  const both = (iso: string) => `${local(iso)} = ${iso}`.replace(/Z$/, ' UTC');
  const file = `${name}.json`;

  title(`Certificate of erasure ${name}`);
  fact('Site', s.site.name);
  fact('Certificate number', String(s.number));
  fact('Issued', both(s.issued_at));
  fact('Executed', `${both(s.executed.from)}\nto ${both(s.executed.to)}`);
  fact('Recordings erased', String(s.items.count));
  fact('Made by', `${s.tool.name} ${s.tool.version}, automatically when the run ended`);

  heading('Request');
  fact('Kind', KINDS[s.erasure.kind]);
  fact('Requested by', requester(s));
  fact(
    'Approved by',
    s.erasure.approved_by === null
      ? 'No second person approved this erasure.'
      : named(s.erasure.approved_by.name, s.erasure.approved_by.id),
  );
  if (s.erasure.reference !== '') fact('Reference', s.erasure.reference);
  if (s.erasure.reason !== '') fact('Reason given', s.erasure.reason);

  heading('Method');
  fact('Method', s.method);
  fact('Media', `${s.media.file_system} file system, ${DEVICES[s.media.device]}`);
  fact('Verification', s.verification.method);
  fact(
    'Result',
    s.verification.failed === 0
      ? 'For every recording, the key and the file were absent.'
      : `Recordings for which the key or the file was not confirmed absent: ${s.verification.failed}. They are marked in the list.`,
  );
  fact('Legal holds', s.legal_holds.method);

  if (s.names) {
    heading('Names and numbers');
    fact('Calls', String(s.names.calls));
    fact('Method', s.names.method);
  }

  heading('What may remain');
  points([
    s.residuals.backups,
    s.residuals.copies,
    s.residuals.left === 0
      ? 'No export or download of these calls is in the audit log.'
      : `Recordings exported or downloaded before the erasure: ${s.residuals.left}. The list names the date and the person for each. Those copies are not affected.`,
  ]);

  heading('Place in the audit log');
  fact('Log', s.audit.log, 'mono');
  fact('Entries', `${s.audit.first} to ${s.audit.last}`);
  fact('Chain', `SHA-256 of the chain at entry ${s.audit.size}:`);
  fact('', grouped(s.audit.hash), 'mono');

  heading('Signature');
  fact('Signed file', `${file} (Ed25519). This PDF shows its content and is not itself signed.`);
  fact('Signature', signature, 'mono');
  fact('Key', `${s.key.id}; SHA-256 of the public key:`);
  fact('', grouped(s.key.sha256), 'mono');
  fact('Recordings', `SHA-256 of the ${s.items.count} lines of the list:`);
  fact('', grouped(s.items.sha256), 'mono');

  heading('How to verify it');
  paragraph(
    `Run "tapedeck certificate verify ${file} --public-key tapedeck.pem" on any machine, or these commands on any Linux or Mac. "Signature Verified Successfully" and "Items verified" have to appear. Take tapedeck.pem from a copy that did not come with the certificate.`,
  );
  code(opensslCommands(file));

  heading('Erased recordings');
  await paper.table(
    [
      { head: 'No.', width: 7 },
      { head: 'Recording, call', width: 38 },
      { head: 'SHA-256 of the sealed file, of the manifest', width: 43, font: 'mono' },
      { head: 'Rule, erasure and verification', width: 54 },
    ],
    rowsOf(items),
  );
  if (paper.lacking())
    paragraph(`${NO_SIGN} stands for a character that the font of this PDF does not have. ${file} has it.`);
}

const named = (name: string, id: string): string => (id === '' ? name : `${name} (${id})`);

function requester({ erasure: { requested_by: by } }: CertificateStatement): string {
  if (by === null) return 'Not recorded: the erasure began before Tapedeck issued certificates.';
  if (by.actor === 'tapedeck') return 'Tapedeck, by the retention policy';
  return `${named(by.name, by.id)}${by.actor === 'console' ? ', on the command line' : ''}`;
}

async function* rowsOf(items: () => AsyncIterable<CertificateItem>): AsyncGenerator<string[]> {
  let no = 0;
  for await (const item of items()) {
    no += 1;
    yield [String(no), recordingCell(item), hashCell(item), erasureCell(item)];
  }
}

/** In UTC, without the letters of ISO 8601. */
const utc = (iso: string | null): string =>
  iso === null ? 'unknown' : iso.replace('T', ' ').replace('Z', '');

const recordingCell = (item: CertificateItem): string =>
  [
    item.recording,
    ...(item.version > 1 ? [`version ${item.version}`] : []),
    ...(item.call === item.recording ? [] : [`call ${item.call}`]),
    `call began ${utc(item.call_started_at)}`,
    `call ended ${utc(item.call_ended_at)}`,
    `sealed ${utc(item.sealed_at)}`,
    `${durationText(item.duration_ms)}, ${sizeText(item.sealed_bytes)}`,
  ].join('\n');

const hashCell = ({ sealed_sha256: sealed, manifest_sha256: manifest }: CertificateItem): string =>
  [...halves(sealed), ...(manifest === null ? ['no manifest'] : halves(manifest))].join('\n');
const halves = (hex: string): string[] => [hex.slice(0, 32), hex.slice(32)];

function erasureCell(item: CertificateItem): string {
  const { policy, verified } = item;
  const exports = item.left.map(
    ({ at, by, what, entry }) => `exported ${utc(at)} by ${by}: ${what} (entry ${entry})`,
  );
  return [
    `rule ${policy.rule ?? '(none)'}${policy.version === null ? '' : `, policy version ${policy.version}`}`,
    ...(policy.purpose === null ? [] : [`purpose ${policy.purpose}`]),
    ...(policy.legal_basis === null ? [] : [`legal basis ${policy.legal_basis}`]),
    ...(item.reason === '' ? [] : [`reason ${item.reason}`]),
    `began ${utc(item.erasure_began_at)}`,
    `erased ${utc(item.erased_at)}`,
    `verified ${utc(verified.at)}: key ${verified.key}, file ${verified.file}`,
    `audit entries ${item.audit_entries.join(', ') || 'unknown'}`,
    ...exports,
    ...(item.left_not_listed > 0 ? [`further exports, not listed: ${item.left_not_listed}`] : []),
  ].join('\n');
}
