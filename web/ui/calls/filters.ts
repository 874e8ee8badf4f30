import { readPbx } from '../../../daemon/domain/place.js';
import { dayAfter, dayOf } from '../messages/when.js';
import type { CallQuery } from '../state/api.js';

/** What the list is narrowed to. It lives in the address, so that a view can be bookmarked and sent. */
export type Filters = {
  q: string;
  /** "inside": digits may stand anywhere in a number. */
  match: string;
  direction: string;
  /** The id of a PBX, `first` for the one without. */
  pbx: string;
  when: string;
  from: string;
  to: string;
  coverage: string;
  quality: string;
  /** A phone or line, such as "extension:112". */
  of: string;
};

export const coverages = [
  'recorded',
  'partial',
  'excluded',
  'declined',
  'not_kept',
  'not_recorded',
  'imported',
  'none',
  'pending',
] as const;
/** What may be wrong with the sound; `any` of them. */
export const faults = ['any', 'noisy', 'echo', 'lossy', 'clipped', 'quiet', 'one_way', 'silent'] as const;

/** A day in an address, as 2026-11-25; empty for anything else. */
export const dayIn = (value = '') => (/^\d{4}-\d{2}-\d{2}$/.test(value) ? value : '');
/** The id of a PBX in an address; empty for anything else. */
export const pbxIn = (value = '') => (readPbx(value) === null || value === '' ? '' : value);
const oneOf = (value: string | undefined, allowed: readonly string[]) =>
  value && allowed.includes(value) ? value : '';

export function fromAddress(query: Record<string, string>): Filters {
  return {
    q: (query.q ?? '').slice(0, 100),
    match: oneOf(query.match, ['inside']),
    direction: oneOf(query.direction, ['in', 'out', 'internal']),
    pbx: pbxIn(query.pbx),
    when: oneOf(query.when, ['today', 'yesterday', 'week', 'custom']),
    from: dayIn(query.from),
    to: dayIn(query.to),
    coverage: oneOf(query.coverage, coverages),
    quality: oneOf(query.quality, faults),
    of: /^(extension|line):.{1,128}$/.test(query.of ?? '') ? query.of! : '',
  };
}

/** Where a legal hold is opened with this search. */
export const holdAddress = ({ q, direction, pbx, when, from, to }: Filters): string =>
  `/holds?${new URLSearchParams({ ...{ new: '', q, direction, pbx }, ...(when === 'custom' && { from, to }) })}`;

export const toAddress = (filters: Filters, callId: string | null): string => addresses(filters)(callId);

/** Returns what gives the address of a call in this list, and that of the list for null. */
export function addresses(filters: Filters): (callId: string | null) => string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(filters)) {
    if (!value || ((key === 'from' || key === 'to') && filters.when !== 'custom')) continue;
    params.set(key, value);
  }
  const search = params.size > 0 ? `?${params}` : '';
  return (callId) => `${callId ? `/calls/${encodeURIComponent(callId)}` : '/'}${search}`;
}

/** The same as the API asks for it; days are the site's. */
export function toQuery(filters: Filters, now: number): CallQuery {
  const [from, to] = daysOf(filters, now);
  return {
    q: filters.q.trim() || undefined,
    match: (filters.match || undefined) as CallQuery['match'],
    direction: (filters.direction || undefined) as CallQuery['direction'],
    pbx: filters.pbx || undefined,
    coverage: filters.coverage || undefined,
    quality: (filters.quality || undefined) as CallQuery['quality'],
    of: filters.of || undefined,
    from: from || undefined,
    to: to || undefined,
  };
}

/** Returns the first and the last day; both empty for all. No date is written in vain: the first of a page takes a browser long. */
function daysOf({ when, from, to }: Filters, now: number): [string, string] {
  if (when === '') return ['', ''];
  if (when === 'custom') return [from, to];
  const today = dayOf(now);
  if (when === 'today') return [today, today];
  if (when === 'yesterday') return [dayAfter(today, -1), dayAfter(today, -1)];
  return [dayAfter(today, -6), today];
}

export const anything = (f: Filters) =>
  Boolean(f.q.trim() || f.direction || f.pbx || f.when || f.coverage || f.quality || f.of);
