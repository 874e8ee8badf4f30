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

const HOUR_MS = 3_600_000;
/** No clocks are set back by more, in ms. */
const SET_BACK_MS = 3 * HOUR_MS;
/** Spans of so long are remembered as having no change of the clocks near, and so many of them for a zone. */
const SPAN_MS = 6 * HOUR_MS;
const MAX_SPANS = 10_000;
type Offsets = { format: Intl.DateTimeFormat; changes: Map<number, boolean> };
const offsets = new Map<string, Offsets>();

/** "+02:00", of a zone at a time. */
function offsetOf({ format }: Offsets, ms: number): string {
  const name = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  return /[+-].*/.exec(name.replace('\u2212', '-'))?.[0] ?? '+00:00';
}

function msOf(offset: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = offset.slice(1).split(':').map(Number);
  return (offset.startsWith('-') ? -1_000 : 1_000) * ((hours * 60 + minutes) * 60 + seconds);
}

function hasChangeNear(of: Offsets, ms: number): boolean {
  const span = Math.floor(ms / SPAN_MS);
  let known = of.changes.get(span);
  if (known === undefined) {
    const [from, until] = [span * SPAN_MS - SET_BACK_MS, (span + 1) * SPAN_MS + SET_BACK_MS];
    known = offsetOf(of, from) !== offsetOf(of, until);
    if (of.changes.size >= MAX_SPANS) of.changes.clear();
    of.changes.set(span, known);
  }
  return known;
}

/**
 * " +02:00" where the clocks of a zone show the same time twice, because they are set back; else ''. `ms` is since 1970. Without it
 * nobody knows which of the two is meant.
 */
export function repeatedOffset(ms: number, zone: string): string {
  let of = offsets.get(zone);
  if (!of) {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    of = { format, changes: new Map() };
    offsets.set(zone, of);
  }
  if (!hasChangeNear(of, ms)) return '';
  const own = offsetOf(of, ms);
  for (const other of [offsetOf(of, ms - SET_BACK_MS), offsetOf(of, ms + SET_BACK_MS)]) {
    const twin = ms + msOf(own) - msOf(other);
    if (other !== own && offsetOf(of, twin) === other) return ` ${own}`;
  }
  return '';
}
