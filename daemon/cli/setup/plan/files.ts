import { withBlock, withoutBlock } from '../conf/block.js';
import type { PbxFacts } from '../machine/facts.js';
import type { FileChange } from './change.js';

const OTHERS = 0o007;
const NEW_FILE = 0o640;

/** Returns the change that puts our lines at the end of a file of Asterisk's, or null where they are there. */
export function added(
  facts: PbxFacts,
  name: string,
  lines: string,
  { secret = '', why }: { secret?: string; why: string },
): FileChange | null {
  const had = facts.files[name];
  const before = had?.text ?? null;
  const after = lines === '' ? withoutBlock(before ?? '') : withBlock(before ?? '', lines);
  if (after === (before ?? '')) return null;
  const beside = had ?? facts.files['asterisk.conf'] ?? { ...facts.owner, mode: NEW_FILE };
  // A file with a secret is readable by Asterisk only, even if others could read it before.
  const closes = secret !== '' && had !== undefined && (had.mode & OTHERS) !== 0;
  return {
    kind: 'file',
    path: `${facts.etc}/${name}`,
    before,
    after,
    mode: had ? (closes ? had.mode & ~OTHERS : had.mode) : NEW_FILE,
    owner: closes ? { uid: had.uid, gid: facts.owner.gid } : { uid: beside.uid, gid: beside.gid },
    secrets: secret === '' ? [] : [secret],
    pbx: true,
    why,
  };
}
