import { t } from './language.js';
import { placeName } from './places.js';

/** "extension:112" in words. */
export function earName(of: string): string {
  const at = of.indexOf(':');
  return t.quality.of({ kind: of.slice(0, at), name: placeName(of.slice(at + 1)) });
}
