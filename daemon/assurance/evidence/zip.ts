import { createHash } from 'node:crypto';
import { PassThrough, Readable, Transform } from 'node:stream';
import { ZipFile } from 'yazl';

/** A file to be put into a ZIP, read when its turn comes. */
export type Part = { name: string; source: () => Readable; size?: number; stored?: boolean };
/** A file that was put into it. */
export type Packed = { name: string; bytes: number; sha256: string };

/**
 * A ZIP of these files, in this order and all of this time, and at its end a file `sums` of their SHA-256, as sha256sum
 * writes it. The next file is asked for once the one before is in it, and `packed` was told. No file is held in memory as a whole.
 * Destroying the stream ends the work, and `parts`.
 */
export function zipOf(
  mtime: Date,
  sums: string,
  parts: Iterable<Part> | AsyncIterable<Part>,
  packed: (file: Packed) => void = () => {},
): Readable {
  const zip = new ZipFile();
  const out = new PassThrough();
  const digests: string[] = [];
  const options = { mtime, mode: 0o100644 };
  let current: Readable | null = null;
  let abandon: (e: Error) => void = () => {};

  const failed = (error: unknown) => void out.destroy(error as Error);
  /** The file as it goes by, with its hash taken. */
  function counted({ name, source }: Part, done: () => void): Readable {
    const hash = createHash('sha256');
    let bytes = 0;
    const from = source();
    current = from;
    const through = new Transform({
      transform(piece: Buffer, _encoding, next) {
        hash.update(piece);
        bytes += piece.length;
        next(null, piece);
      },
      flush(next) {
        const sha256 = hash.digest('hex');
        digests.push(`${sha256}  ${name}\n`);
        packed({ name, bytes, sha256 });
        next();
        done();
      },
    });
    from.once('error', failed);
    through.once('error', failed);
    return from.pipe(through);
  }
  const added = (part: Part): Promise<void> =>
    new Promise((resolve, reject) => {
      abandon = reject;
      if (out.destroyed) return reject(new Error('Nobody reads the ZIP any more.'));
      zip.addReadStreamLazy(
        part.name,
        { ...options, compress: !part.stored, ...(part.stored ? { size: part.size } : {}) },
        (give) => {
          try {
            give(null, counted(part, resolve));
          } catch (error) {
            failed(error);
          }
        },
      );
    });
  async function fill(): Promise<void> {
    for await (const part of parts) await added(part);
    zip.addReadStreamLazy(sums, { ...options, compress: false }, (give) =>
      give(null, Readable.from([Buffer.from(digests.join(''))])),
    );
    zip.end();
  }
  zip.once('error', failed);
  zip.outputStream.once('error', failed);
  zip.outputStream.pipe(out);
  out.once('close', () => {
    current?.destroy();
    (zip.outputStream as Readable).destroy();
    abandon(new Error('Nobody reads the ZIP any more.'));
  });
  fill().catch(failed);
  return out;
}
