import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SUITE =
  /^(stretch|buster|bullseye|bookworm|trixie|forky|duke|sid|stable|testing|unstable|oldstable|oldoldstable)$/;
const KEYRINGS = [
  '/usr/share/keyrings/debian-archive-keyring.pgp',
  '/usr/share/keyrings/debian-archive-keyring.gpg',
];

/** One-line format: `deb [arch=amd64 signed-by=FILE] URI SUITE COMPONENT...` (sources.list(5)). */
const parseList = (text) =>
  text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*?)\s*(?:#.*)?$/.exec(line);
    if (!match) return [];
    const [, options = '', uri, suite, components] = match;
    const signedBy = /signed-by=(\S+)/i.exec(options)?.[1];
    return [{ uris: [uri], suites: [suite], components: components.split(/\s+/), signedBy }];
  });

/** deb822 format: stanzas of `Field: value`, continued by lines that begin with a space. */
const parseSources = (text) =>
  text.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = {};
    let last;
    for (const line of stanza.split('\n')) {
      if (line.startsWith('#')) continue;
      const field = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
      if (field) {
        last = field[1].toLowerCase();
        fields[last] = field[2];
      } else if (last && /^\s/.test(line)) fields[last] += `\n${line.trim()}`;
    }
    if (/^no$/i.test(fields.enabled ?? '') || !/\bdeb\b/.test(fields.types ?? '')) return [];
    const words = (name) => (fields[name] ?? '').split(/\s+/).filter(Boolean);
    return [
      {
        uris: words('uris'),
        suites: words('suites'),
        components: words('components'),
        signedBy: fields['signed-by'],
      },
    ];
  });

const readEntries = (aptDir) => {
  const parts = join(aptDir, 'sources.list.d');
  const files = [join(aptDir, 'sources.list')];
  if (existsSync(parts))
    files.push(
      ...readdirSync(parts)
        .sort()
        .map((name) => join(parts, name)),
    );
  return files.flatMap((file) => {
    if (!existsSync(file)) return [];
    if (file.endsWith('.list')) return parseList(readFileSync(file, 'utf8'));
    if (file.endsWith('.sources')) return parseSources(readFileSync(file, 'utf8'));
    return [];
  });
};

/** `mirror+file:/etc/apt/mirrors/debian.list` names a file with one address a line. */
const resolveUri = (uri) => {
  if (/^https?:\/\//.test(uri)) return uri;
  const file = /^mirror\+file:(?:\/\/)?(\/\S+)$/.exec(uri)?.[1];
  if (!file || !existsSync(file)) return undefined;
  return readFileSync(file, 'utf8')
    .split(/\s+/)
    .find((word) => /^https?:\/\//.test(word));
};

/**
 * The Debian archive that this machine already trusts: the first http(s) one in its apt sources
 * that carries a Debian suite's `main` and is not the security archive.
 * Gives `{ uri, keyring }` (keyring undefined: apt's own trusted keys). Throws when there is none.
 */
export const findMirror = ({ aptDir = '/etc/apt', override } = {}) => {
  const fallback = KEYRINGS.find((file) => existsSync(file));
  if (override) return { uri: override, keyring: fallback };
  for (const entry of readEntries(aptDir)) {
    if (!entry.components.includes('main') || !entry.suites.some((suite) => SUITE.test(suite))) continue;
    for (const uri of entry.uris.map(resolveUri)) {
      if (!uri || /security|ubuntu|raspbian/.test(uri)) continue;
      const own = entry.signedBy?.startsWith('/') && existsSync(entry.signedBy) ? entry.signedBy : undefined;
      return { uri, keyring: own ?? fallback };
    }
  }
  throw new Error(
    `no http(s) Debian archive in ${aptDir}/sources.list or ${aptDir}/sources.list.d.\n` +
      'Set TAPEDECK_PBX_MIRROR to the address of a Debian archive, or use --system with an installed Asterisk.',
  );
};
