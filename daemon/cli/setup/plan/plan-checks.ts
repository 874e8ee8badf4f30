import { type Conf, sectionOf } from '../conf/asterisk-conf.js';
import type { PbxFacts } from '../machine/facts.js';
import { confOf } from './files.js';

/** Whether an address of Asterisk's serves this machine only. */
export const loopback = (address: string): boolean =>
  /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[?::1\]?|localhost)(:\d+)?$/.test(address.trim());

/** Returns the address by which this machine reaches what listens there. */
export function reachable(bind: string): string {
  const host = bind.trim();
  if (host === '' || host === '0.0.0.0' || /^\[?::\]?$/.test(host) || loopback(host)) return '127.0.0.1';
  return host.includes(':') ? `[${host.replace(/[[\]]/g, '')}]` : host;
}

/**
 * Whether the account "tapedeck" is there already with our secret, from an installation by hand. One with another secret is
 * somebody's: a conflict.
 */
export function foreignUser(
  conf: Conf,
  file: string,
  key: 'password' | 'secret',
  secret: string,
): { there: boolean; conflicts: string[] } {
  const section = sectionOf(conf, 'tapedeck');
  if (!section) return { there: false, conflicts: [] };
  if (section.values.findLast((one) => one.key === key)?.value === secret)
    return { there: true, conflicts: [] };
  const at = `${section.file}, line ${section.line}`;
  const own = key === 'password' ? '/etc/tapedeck/ari-password' : '/etc/tapedeck/ami-secret';
  return {
    there: true,
    conflicts: [
      `${file} already has an account [tapedeck] (${at}) that setup did not write. If it is from an earlier installation of Tapedeck, put its ${key} into ${own} and run setup again. Otherwise rename or remove that section.`,
    ],
  };
}

/** A block comment that is not closed would swallow what is added. */
export const unclosed = (facts: PbxFacts, name: string): string[] =>
  confOf(facts, name).unclosed.map(
    (file) =>
      `${facts.etc}/${file} ends within a block comment (";--" without "--;"), so Asterisk would not read what setup adds. Close the comment and run setup again.`,
  );
