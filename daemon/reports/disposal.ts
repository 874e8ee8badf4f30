import { certificateItems, certificateLines } from '../catalogue/certificates/certificate-file.js';
import {
  type Certificate,
  type CertificateStatement,
  certificateName,
  statementHash,
} from '../domain/certificate/certificate.js';
import { itemsDigest } from '../domain/certificate/certificate-file.js';
import { counted, type Report, type Row } from '../domain/report/report.js';
import { column, hidden, type Making, under } from './making.js';

const PAGE = 100;

/** What was erased in a period, on whose word, with the certificates that prove it. */
export function disposalReport({ catalogue, period }: Making): Report {
  const certificates: Row[] = [];
  const foreign: string[] = [];
  let recordings = 0;
  let failed = 0;
  let left = 0;

  /** Certificates are issued in the order of their numbers. */
  async function* inPeriod(): AsyncGenerator<Certificate> {
    for (let before = Number.MAX_SAFE_INTEGER; ; ) {
      const page = await catalogue.certificates.list({ before, limit: PAGE });
      for (const one of page) {
        if (one.issuedAt < period.begins) return;
        if (one.issuedAt >= period.ends) continue;
        if (await wasIssued(one)) yield one;
        else foreign.push(certificateName(one.number));
      }
      if (page.length < PAGE) return;
      before = page.at(-1)!.number;
    }
  }

  /** Whether the audit log has that it was issued as it is: anyone who can write to the catalogue can put one in, or change its items. */
  async function wasIssued({ number, text }: Certificate): Promise<boolean> {
    const entries = await catalogue.audit.entries({
      ...{ objectId: String(number), actions: ['certificate'], outcome: 'ok', limit: PAGE },
    });
    const sha256 = statementHash(text);
    if (!entries.some(({ actor, detail }) => actor === 'tapedeck' && detail.sha256 === sha256)) return false;
    const digest = itemsDigest();
    for await (const line of certificateLines(catalogue, number)) digest.add(line);
    const { items } = JSON.parse(text) as CertificateStatement;
    const found = digest.end();
    return found.count === items.count && found.sha256 === items.sha256;
  }

  return {
    title: 'Recordings on these certificates',
    method:
      'Every recording on a certificate of erasure that was issued in the period, as it was signed. A certificate names no party of a call.',
    columns: [
      column('certificate', 'Certificate', 'text', 14),
      column('recording_id', 'Recording', 'hash', 32),
      hidden('version', 'count'),
      hidden('call_id', 'hash'),
      column('call_started_at', 'Call began', 'time', 16),
      column('erased_at', 'Erased', 'time', 16),
      column('kind', 'Kind', 'text', 12),
      column('requested_by', 'Requested, approved by', 'text', 20),
      under('requested_by', 'approved_by', 'Approved by', 'text'),
      column('rule', 'Rule, purpose, legal basis', 'text', 24),
      under('rule', 'purpose', 'Purpose', 'text'),
      under('rule', 'legal_basis', 'Legal basis', 'text'),
      column('reason', 'Reason', 'text', 20),
      column('key', 'Key, file', 'text', 11),
      under('key', 'file', 'File', 'text'),
      column('exports', 'Exports', 'count', 10),
      hidden('sealed_sha256', 'hash'),
    ],
    async *rows() {
      for await (const one of inPeriod()) {
        const statement = JSON.parse(one.text) as CertificateStatement;
        const { erasure } = statement;
        const requester = erasure.requested_by?.name || (erasure.requested_by?.actor ?? '');
        certificates.push([
          ...[certificateName(one.number), one.issuedAt, one.kind, requester],
          ...[erasure.approved_by?.name ?? '', one.items, one.keyId],
        ]);
        for await (const item of certificateItems(catalogue, one.number)) {
          recordings += 1;
          const exports = item.left.length + item.left_not_listed;
          if (exports > 0) left += 1;
          if (item.verified.key !== 'absent' || item.verified.file !== 'absent') failed += 1;
          yield [
            ...[certificateName(one.number), item.recording, item.version, item.call],
            ...[timeOf(item.call_started_at), timeOf(item.erased_at), one.kind],
            requester,
            ...[erasure.approved_by?.name ?? '', item.policy.rule ?? '', item.policy.purpose ?? ''],
            ...[item.policy.legal_basis ?? '', item.reason, item.verified.key, item.verified.file],
            ...[exports, item.sealed_sha256],
          ];
        }
      }
    },
    findings: () => ({
      answer:
        certificates.length === 0
          ? ['No certificate of erasure was issued in this period.']
          : [
              `${counted(recordings, 'recording was', 'recordings were')} erased, on ${counted(certificates.length, 'certificate')}.`,
              failed === 0
                ? 'For every recording, the key and the file were confirmed absent.'
                : `For ${counted(failed, 'recording')}, the key or the file was not confirmed absent.`,
              ...(left > 0
                ? [
                    `${counted(left, 'recording')} had been exported or downloaded before. Those copies are not affected.`,
                  ]
                : []),
            ],
      caveats: foreign.map(
        (name) =>
          `${name} is left out: it, or its list of recordings, is not what the audit log says was issued. Find out what else writes to catalogue.db.`,
      ),
      tables: [
        {
          key: 'certificates',
          title: 'Certificates',
          columns: [
            column('certificate', 'Certificate', 'text', 16),
            column('issued_at', 'Issued', 'time', 22),
            column('kind', 'Kind', 'text', 14),
            column('requested_by', 'Requested by', 'text', 20),
            column('approved_by', 'Approved by', 'text', 20),
            column('recordings', 'Recordings', 'count', 12),
            column('key_id', 'Signing key', 'hash', 20),
          ],
          rows: certificates,
        },
      ],
    }),
  };
}

const timeOf = (iso: string | null): number | null => (iso === null ? null : Date.parse(iso));
