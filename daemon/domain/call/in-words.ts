import type { Party } from '../recording/recording.js';

/** A party with its name and number, as far as they are known. */
export const partyWords = ({ name, number }: Pick<Party, 'name' | 'number'>): string =>
  (name && number && name !== number ? `${name} (${number})` : name || number) || 'a withheld number';

/** Ms on the timeline as H:MM:SS.t */
export function clockOf(ms: number): string {
  const tenths = Math.round(Math.abs(ms) / 100);
  const [h, m, s] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60, (tenths % 600) / 10];
  return `${ms < 0 ? '-' : ''}${h}:${String(m).padStart(2, '0')}:${s.toFixed(1).padStart(4, '0')}`;
}
