import { count, plural } from '../../locale.js';

const recordings = (n: number) => plural(n, { one: '1 recording', other: `${count(n)} recordings` });
type Presence = 'absent' | 'present' | 'unknown';

/** The messages of the certificates of erasure. */
export const certificatesText = {
  title: 'Erasure certificates',
  one: ({ n }: { n: number }) => `Certificate ${n}`,
  summary: ({ n }: { n: number }) =>
    plural(n, { one: '1 certificate has been issued.', other: `${count(n)} certificates have been issued.` }),
  none: 'No certificates yet.',
  noneHelp:
    'Tapedeck issues a signed certificate each time it erases recordings. It names each recording, the rule or the person behind the erasure, and how it was verified. Recordings erased before Tapedeck issued certificates have none.',
  intro:
    'Each certificate is signed. Anyone with the public key can verify its JSON file without Tapedeck. The PDF is for reading and printing.',
  older: 'Older certificates',
  back: 'All certificates',
  columns: { number: 'Certificate', issued: 'Issued', kind: 'Reason', recordings: 'Recordings' },
  kinds: {
    retention: 'Retention run',
    by_hand: 'Erased manually',
    request: 'Erasure request',
    room: 'Retention run, disk low on space',
    redaction: 'Redaction, older version',
    unknown: 'Not recorded',
  } as Record<string, string>,
  recordings: ({ n }: { n: number }) => recordings(n),
  answer: ({ n, when }: { n: number; when: string }) => `${recordings(n)} erased, ${when}.`,
  pdf: 'Download PDF',
  json: 'Download signed JSON',
  invalid: 'The signature of this certificate is not valid',
  invalidHelp:
    'The certificate was changed after it was signed, or the public key is missing. Ask the administrator to run “tapedeck audit verify”.',
  sections: {
    request: 'Request',
    method: 'Method and verification',
    remains: 'What may remain',
    audit: 'Audit log',
    signature: 'Signature',
    recordings: 'Recordings',
  },
  facts: {
    issued: 'Issued',
    executed: 'Erased',
    kind: 'Reason',
    requested: 'Requested by',
    approved: 'Approved by',
    reference: 'Reference',
    reason: 'Comment',
    method: 'Method',
    media: 'Storage',
    verification: 'Verification',
    result: 'Result',
    holds: 'Legal holds',
    entries: 'Entries',
    log: 'Log',
    chain: 'Chain hash',
    valid: 'Verified here',
    key: 'Key',
    fingerprint: 'Key fingerprint (SHA-256)',
    made: 'Issued by',
  },
  byTapedeck: 'Tapedeck, by the retention policy',
  console: ({ name }: { name: string }) => `${name} (console)`,
  notRecorded: 'Not recorded',
  nobody: 'No second person',
  span: ({ from, to }: { from: string; to: string }) => (from === to ? from : `${from} to ${to}`),
  method:
    'Cryptographic erasure: the X25519 key of each recording was destroyed in keys.db, then its encrypted file was deleted. This says nothing about what the drive itself retains.',
  verification: 'After the erasure, Tapedeck looked up each key and each file.',
  media: ({ system, device }: { system: string; device: string }) => `${system}, ${device}`,
  devices: { ssd: 'SSD', hdd: 'hard disk', unknown: 'unknown device type' } as Record<string, string>,
  allGone: 'All keys and files are gone.',
  failed: ({ n }: { n: number }) => `${recordings(n)} could not be confirmed as erased.`,
  holds: 'Checked when each erasure began. No recording was under a legal hold.',
  copies:
    'Copies of the data directory made by others, such as backups and snapshots, last until they are deleted. A recording can be restored from a copy that has both its key and its file.',
  left: ({ n }: { n: number }) =>
    n === 0
      ? 'No export or download of these calls is in the audit log.'
      : `${recordings(n)} had been exported or downloaded. Those copies are not affected.`,
  entries: ({ first, last }: { first: number; last: number }) => `${count(first)} to ${count(last)}`,
  yes: 'Signature valid',
  no: 'Signature not valid',
  itemColumns: { recording: 'Recording', call: 'Call', erased: 'Erased', why: 'Rule', proof: 'Verification' },
  version: ({ n }: { n: number }) => `version ${n}`,
  callOf: ({ from, to }: { from: string; to: string }) => `${from} to ${to}`,
  unknownTime: 'unknown',
  noRule: 'No rule',
  purpose: ({ purpose }: { purpose: string }) => `Purpose: ${purpose}`,
  basis: ({ basis }: { basis: string }) => `Legal basis: ${basis}`,
  policy: ({ n }: { n: number }) => `Policy version ${n}`,
  proof: ({ key, file }: { key: Presence; file: Presence | 'pending' }) =>
    `Key ${key}, file ${file === 'pending' ? 'in an archive out of reach, to be removed' : file}`,
  exported: ({ by, when }: { by: string; when: string }) => `Exported by ${by}, ${when}`,
  moreExports: ({ n }: { n: number }) => `${count(n)} more exports`,
  hashes: 'Hashes',
  sealed: ({ hash }: { hash: string }) => `Sealed file: ${hash}`,
  manifest: ({ hash }: { hash: string }) => `Manifest: ${hash}`,
  noManifest: 'No manifest',
  more: 'More recordings',
};
