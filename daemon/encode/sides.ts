import { fail } from '../domain/error.js';
import { pageHead, stamp } from '../domain/recording/ogg.js';
import { declareSides } from '../domain/recording/opus-head.js';

/**
 * An Ogg Opus file of two mono streams as ffmpeg writes it, whose head then says which is left and which is right (see
 * `declareSides`). All other bytes are passed on as they come. Throws `encode_failed` when it begins in any other way.
 */
export async function* withSides(ogg: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let first: Buffer | null = Buffer.alloc(0);
  for await (const chunk of ogg) {
    if (first === null) {
      yield chunk;
      continue;
    }
    first = Buffer.concat([first, chunk]);
    const page = pageHead(first);
    if (page === null || (page !== 'none' && first.length < page.bytes)) continue;
    if (
      page === 'none' ||
      page.pieces.length !== 1 ||
      !declareSides(first.subarray(page.headBytes, page.bytes))
    )
      throw fail('encode_failed', 'Its output does not begin as Ogg Opus of two mono streams does.');
    stamp(first.subarray(0, page.bytes));
    yield first;
    first = null;
  }
  if (first !== null) throw fail('encode_failed', `Its output ended after ${first.length} bytes.`);
}
