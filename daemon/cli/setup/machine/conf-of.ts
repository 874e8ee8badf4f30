import { type Conf, readConf } from '../conf/asterisk-conf.js';
import { withoutBlock } from '../conf/block.js';
import { includedBy } from '../conf/included.js';
import type { ConfFile, PbxFacts } from './facts.js';

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
