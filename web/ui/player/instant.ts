import { durationText } from '../../../daemon/domain/written.js';

/** A position in a recording as "1:05" or, where it is no whole second, "1:05.5". */
export function instantText(ms: number): string {
  const rest = ms % 1_000;
  return durationText(ms - rest) + (rest === 0 ? '' : `.${String(rest).padStart(3, '0').replace(/0+$/, '')}`);
}

/** "1:02:03.5" in ms; null for anything else. */
export function instantOf(text: string): number | null {
  const parts = text.trim().split(':');
  const right = parts.every((part, i) => (i === parts.length - 1 ? /^\d+([.,]\d+)?$/ : /^\d+$/).test(part));
  if (!right || parts.length > 3) return null;
  return Math.round(parts.reduce((sum, part) => sum * 60 + Number(part.replace(',', '.')), 0) * 1_000);
}
