import { t } from './en/messages.js';
import { clean } from './numbers.js';

/** "extension:112" in words. */
export function earName(of: string): string {
  const at = of.indexOf(':');
  return t.quality.of(of.slice(0, at), clean(of.slice(at + 1)));
}

export const capital = (text: string) => text.charAt(0).toLocaleUpperCase() + text.slice(1);
