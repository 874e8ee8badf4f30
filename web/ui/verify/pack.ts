import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { membersOf, THE_ZIP, unpacked } from './zip.js';

/** What belongs into a pack. This file and `chain.ts` know nothing of the recorder's own code: they verify it. */
export const EXPECTED = [
  'README.txt',
  'cover.pdf',
  'verify.html',
  'story.txt',
  'story.json',
  'consent.json',
  'manifest.json',
  'manifest.sig',
  'public-key.pem',
  'recording.opus',
  'access-log.jsonl',
  'audit-chain.json',
  'checkpoint.txt',
  'SHA256SUMS',
] as const;
/** There only when the checkpoint was signed with another key than the manifest. */
export const CHECKPOINT_KEY = 'checkpoint-key.pem';
const KNOWN = new Set<string>([...EXPECTED, CHECKPOINT_KEY]);
/** No pack is longer: a ZIP that says so would only fill the memory. */
const MOST_BYTES = 1.5e9;

export type Fault = { file: string; entry?: number; what: string };

export const hex = (...parts: (string | Uint8Array)[]): string => {
  const hash = sha256.create();
  for (const part of parts) hash.update(typeof part === 'string' ? utf8ToBytes(part) : part);
  return bytesToHex(hash.digest());
};

/** Text as UTF-8; null where it is none. */
export function text(bytes: Uint8Array | undefined): string | null {
  if (!bytes) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** The files of a pack, and what is wrong with its ZIP. What does not belong to a pack is not even unpacked. */
export function unpack(zip: Uint8Array): { files: Map<string, Uint8Array>; faults: Fault[] } {
  const files = new Map<string, Uint8Array>();
  const found = membersOf(zip);
  if (!found)
    return {
      files,
      faults: [
        { file: THE_ZIP, what: 'It cannot be read: it was cut off, something was added, or it is no ZIP.' },
      ],
    };
  const faults: Fault[] = [...found.faults];
  const seen = new Set<string>();
  let room = MOST_BYTES;
  for (const member of found.members) {
    const { name, bytes } = member;
    if (!KNOWN.has(name)) faults.push({ file: name, what: 'It does not belong to the pack.' });
    else if (seen.has(name)) faults.push({ file: name, what: 'It is in the ZIP more than once.' });
    else
      try {
        room -= bytes;
        if (room < 0) throw new RangeError();
        files.set(name, unpacked(zip, member));
      } catch {
        faults.push({ file: name, what: 'It cannot be unpacked: the ZIP is damaged there.' });
      }
    seen.add(name);
  }
  for (const name of EXPECTED)
    if (!files.has(name) && !faults.some(({ file }) => file === name))
      faults.push({ file: name, what: 'It is missing.' });
  return { files, faults };
}

/** What SHA256SUMS, or the entry of the export, says of the files; null for a text that is none. */
export function sumsIn(listed: string | null): Map<string, string> | null {
  if (listed === null) return null;
  const sums = new Map<string, string>();
  for (const line of listed.split('\n').slice(0, -1)) {
    const [, sum, name] = /^([0-9a-f]{64}) {2}([\w.-]+)$/.exec(line) ?? [];
    if (!sum || !name || sums.has(name)) return null;
    sums.set(name, sum);
  }
  return listed.endsWith('\n') && sums.size > 0 ? sums : null;
}
