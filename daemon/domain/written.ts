/** How durations and sizes are written: the same in lists, pages, files and on the command line. */

const two = (n: number) => String(n).padStart(2, '0');

/** Whole seconds of a duration, rounded to the nearest. */
export const wholeSeconds = (ms: number): number => Math.round(Math.abs(ms) / 1000);

/** 3:07 or 1:02:07, to the nearest second; negative before a call was answered. */
export function durationText(ms: number): string {
  const total = wholeSeconds(ms);
  const [h, m, s] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const sign = ms < 0 && total > 0 ? '−' : '';
  return sign + (h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`);
}

const SPANS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;
const spanOf = (ms: number) => SPANS.find(([, size]) => Math.abs(ms) >= 0.9 * size) ?? SPANS[3];

/** The nearest multiple of the unit that suits it: a length that changes a little stays the same. */
export function roughMs(ms: number): number {
  const [, size] = spanOf(ms);
  return Math.round(ms / size) * size;
}

/** 1 hour, 3 days; without its sign */
export function roughText(ms: number): string {
  const [unit, size] = spanOf(ms);
  const n = Math.round(Math.abs(ms) / size);
  return `${n} ${unit}${n === 1 ? '' : 's'}`;
}

const UNITS = ['KB', 'MB', 'GB', 'TB'] as const;

/** A size as a number, to the nearest tenth, of the unit that suits it; units are powers of 1,000. */
export function sizeParts(bytes: number): { value: number; unit: 'bytes' | (typeof UNITS)[number] } {
  if (bytes < 1000) return { value: bytes, unit: 'bytes' };
  const tenths = UNITS.map((_, i) => Math.round(bytes / (1000 ** (i + 1) / 10)) / 10);
  const at = tenths.findIndex((value, i) => value < 1000 || i === UNITS.length - 1);
  return { value: tenths[at]!, unit: UNITS[at]! };
}

/** 812 bytes, 1.5 MB, 71.3 GB */
export function sizeText(bytes: number): string {
  const { value, unit } = sizeParts(bytes);
  return `${value} ${unit === 'bytes' && value === 1 ? 'byte' : unit}`;
}

/** The size that `sizeText` shows, in bytes: one that changes by less stays the same. */
export function shownBytes(bytes: number): number {
  const { value, unit } = sizeParts(bytes);
  return unit === 'bytes' ? value : Math.round(value * 1000 ** (UNITS.indexOf(unit) + 1));
}
