/** Which bytes to send. `end` is included, as in the headers. */
export type Served =
  | { status: 200; start: 0; end: number }
  | { status: 206; start: number; end: number }
  | { status: 304 }
  | { status: 416 };

export type Asked = { range?: string; ifRange?: string; ifNoneMatch?: string };

/**
 * Which part of `size` bytes a GET asks for (RFC 9110, sections 13 and 14). One range is served to the byte; a list of
 * ranges, another unit and what cannot be read are answered with the whole, as the RFC allows. `etag` is a strong one;
 * an If-Range that is not exactly it, dates included, gives the whole.
 */
export function served(asked: Asked, size: number, etag: string): Served {
  if (asked.ifNoneMatch !== undefined && matches(asked.ifNoneMatch, etag)) return { status: 304 };
  const whole = { status: 200, start: 0, end: size - 1 } as const;
  if (asked.range === undefined || (asked.ifRange !== undefined && asked.ifRange !== etag)) return whole;
  const found = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(asked.range.slice(0, 200));
  if (!found || asked.range.length > 200) return whole;
  const [, first = '', last = ''] = found;
  if (first === '') return last === '' ? whole : suffix(Number(last), size);
  const start = Number(first);
  const end = last === '' ? Number.POSITIVE_INFINITY : Number(last);
  if (end < start) return whole;
  if (start >= size) return { status: 416 };
  return { status: 206, start, end: Math.min(end, size - 1) };
}

function suffix(length: number, size: number): Served {
  if (length === 0 || size === 0) return { status: 416 };
  return { status: 206, start: Math.max(0, size - length), end: size - 1 };
}

const matches = (header: string, etag: string): boolean =>
  header
    .slice(0, 1000)
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === '*' || tag === etag);
