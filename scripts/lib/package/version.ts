import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, SOURCES } from './places.js';

const git = async (...args: string[]) =>
  (
    await run('git', ['-c', `safe.directory=${SOURCES.replace(/\/$/, '')}`, ...args], { cwd: SOURCES })
  ).trim();

const read = (name: string) => readFileSync(join(SOURCES, name), 'utf8');

/** The day on which the changelog says that a version was released, or null. */
const releasedOn = (version: string): string | null =>
  new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\] - (\\d{4}-\\d\\d-\\d\\d)$`, 'm').exec(
    read('CHANGELOG.md'),
  )?.[1] ?? null;

/**
 * Returns the version of the package and the time that its files carry, in seconds since 1970: that of the last commit, or, without
 * git, of the release. A release is a version that the changelog dates, at the tag of its name; what comes before it sorts below
 * (0.2.0~20261129021500), and what follows it above (0.2.0+20261129021500).
 */
export async function versionOf(): Promise<{ version: string; epoch: number; commit: string | null }> {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const released = releasedOn(version);
  const day = released ? Date.parse(`${released}T00:00:00Z`) / 1000 : null;
  const head = await git('show', '--no-patch', '--format=%ct %H', 'HEAD').catch(() => null);
  if (!head) {
    if (day === null)
      throw new Error('no git, and CHANGELOG.md dates no release of this version: its date is unknown');
    return { version, epoch: day, commit: null };
  }
  const [time, commit] = head.split(' ');
  const epoch = Number(time);
  const tagged = await git('describe', '--exact-match', '--tags', '--match', `v${version}`, 'HEAD').catch(
    () => null,
  );
  if (released && tagged) return { version, epoch, commit: commit! };
  const at = new Date(epoch * 1000).toISOString().replace(/\D/g, '').slice(0, 14);
  return { version: `${version}${released ? '+' : '~'}${at}`, epoch, commit: commit! };
}
