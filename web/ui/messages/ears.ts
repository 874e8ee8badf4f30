import { t } from './language.js';
import { clean } from './numbers.js';

/** "extension:112" in words. */
export function earName(of: string): string {
  const at = of.indexOf(':');
  return t.quality.of({ kind: of.slice(0, at), name: clean(of.slice(at + 1)) });
}
