import { readFileSync } from 'node:fs';

/** Tapedeck's own version, from package.json. */
export function version(): string {
  for (const up of ['../../..', '../../../..']) {
    try {
      const found = JSON.parse(readFileSync(new URL(`${up}/package.json`, import.meta.url), 'utf8'));
      if (found.name === 'tapedeck') return found.version;
    } catch {
      // one level further up: the build has one folder more
    }
  }
  return '0.0.0';
}
