import { type Conf, readConf } from '../conf/asterisk-conf.js';
import { withBlock, withoutBlock } from '../conf/block.js';
import { includedBy } from '../conf/included.js';
import type { ConfFile, PbxFacts } from '../machine/facts.js';
import type { FileChange } from './change.js';

const OTHERS = 0o007;
const NEW_FILE = 0o640;

/** Returns what Asterisk reads from one of its files and from what that includes, without what setup has written. */
export function confOf(facts: Pick<PbxFacts, 'files' | 'etc'>, name: string): Conf {
  const open = (pattern: string) => {
    const like = includedBy(pattern, facts.etc);
    return Object.keys(facts.files)
      .filter(like)
      .toSorted()
      .map((file) => ({ file, text: ownText(facts.files[file]!) }));
  };
  const own = facts.files[name];
  return readConf(name, own ? ownText(own) : '', open);
}

const ownText = ({ text }: ConfFile): string => withoutBlock(text);

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
