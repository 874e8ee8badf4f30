import { Readable } from 'node:stream';
import { fail, TapedeckError } from '../../domain/error.js';
import type { Stretch } from '../../domain/people/person.js';
import type { Recording } from '../../domain/recording/recording.js';
import type { OpenSealed } from '../open.js';
import { type Sides, within } from './heard.js';
import { masked, untitled } from './mask.js';
import { createIndexer, type Page } from './pages.js';

/** Pages of so many recordings are remembered, and of so many pages in all: one is a second of sound. */
const MOST_FILES = 64;
const MOST_PAGES = 200_000;

const COUPLED = 'Both sides of this recording were encoded together.';
/** Whether `maskSides` threw this because the sides of a recording cannot be told apart. */
export const isCoupled = (e: unknown): boolean => e instanceof TapedeckError && e.detail === COUPLED;

type Source = Pick<OpenSealed, 'size' | 'read'>;
export type Masks = ReturnType<typeof createMasks>;

/** Recordings as somebody hears them who may hear only stretches of their calls. */
export function createMasks() {
  const known = new Map<string, Page[]>();
  const reading = new Map<string, Promise<Page[]>>();

  /** Reads a recording once from its beginning to its end. */
  async function index(source: Source): Promise<Page[]> {
    const indexer = createIndexer();
    for await (const chunk of source.read(0, source.size - 1)) indexer.push(chunk);
    return indexer.end();
  }

  async function pagesOf(name: string, source: Source): Promise<Page[]> {
    const found = known.get(name);
    if (found) {
      known.delete(name);
      known.set(name, found);
      return found;
    }
    const work = reading.get(name) ?? index(source).finally(() => reading.delete(name));
    reading.set(name, work);
    const pages = await work;
    known.set(name, pages);
    let total = [...known.values()].reduce((sum, { length }) => sum + length, 0);
    for (const [old, { length }] of known) {
      if (known.size <= MOST_FILES && total <= MOST_PAGES) break;
      known.delete(old);
      total -= length;
    }
    return pages;
  }

  function silent(source: Source, pages: Page[], mayHear: Sides, named: boolean): Source {
    return {
      size: source.size,
      read: (start, end) =>
        Readable.from(end < start ? [] : silenced(source, pages, { mayHear, named }, start, end), {
          objectMode: false,
        }),
    };
  }

  return {
    /**
     * The same bytes as `source` has, but each side silent where it must not be heard, and no names in its tags. Throws
     * `privacy_refused` for a recording whose sides were encoded together, and what `mask` throws.
     */
    async maskSides(source: Source, recording: Recording, mayHear: Sides): Promise<Source> {
      const pages = await pagesOf(recording.plainSha256, source);
      if (pages.some(({ layout }) => layout === 'coupled')) throw fail('privacy_refused', COUPLED);
      return silent(source, pages, mayHear, false);
    },

    /**
     * The same bytes as `source` has, but silent outside of these stretches of the call. Throws `mask_failed` when it cannot
     * be made silent there for sure, and what reading throws.
     */
    async mask(source: Source, recording: Recording, stretches: readonly Stretch[]): Promise<Source> {
      const pages = await pagesOf(recording.plainSha256, source);
      const both = within(stretches, recording.durationMs);
      return silent(source, pages, { left: both, right: both }, true);
    },
  };
}

/** Bytes start..end, both included: of the pages that hold them. `named`: tags are left as they are. */
async function* silenced(
  source: Source,
  pages: Page[],
  { mayHear, named }: { mayHear: Sides; named: boolean },
  start: number,
  end: number,
): AsyncGenerator<Buffer> {
  let next = pageOf(pages, start);
  const last = pages[pageOf(pages, end)]!;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source.read(pages[next]!.at, last.at + last.bytes - 1)) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const done: Buffer[] = [];
    let at = 0;
    for (let page = pages[next]; page && at + page.bytes <= rest.length; page = pages[++next]) {
      const whole = rest.subarray(at, at + page.bytes);
      const bytes = masked(named ? whole : untitled(whole, page), page, mayHear);
      done.push(bytes.subarray(Math.max(0, start - page.at), Math.max(0, end + 1 - page.at)));
      at += page.bytes;
    }
    rest = rest.subarray(at);
    const ready = Buffer.concat(done);
    if (ready.length > 0) yield ready;
  }
}

/** Which page holds this byte. */
function pageOf(pages: Page[], byte: number): number {
  let low = 0;
  let high = pages.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (pages[middle]!.at <= byte) low = middle;
    else high = middle - 1;
  }
  return low;
}
