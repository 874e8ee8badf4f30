import { createHash } from 'node:crypto';
import { PassThrough, Readable, Transform } from 'node:stream';
import { ZipFile } from 'yazl';

/** A file to be put into a ZIP, read when its turn comes. */
export type Part = { name: string; source: () => Readable; size?: number; stored?: boolean };

/**
 * A ZIP of these files, in this order and all of this time, and at its end a file `sums` of their SHA-256, as sha256sum
 * writes it. No file is held in memory as a whole. Destroying the stream ends the work.
 */
export function zipOf(mtime: Date, sums: string, parts: readonly Part[]): Readable {
  const zip = new ZipFile();
  const out = new PassThrough();
  const digests: string[] = [];
  const options = { mtime, mode: 0o100644 };
  let current: Readable | null = null;

  const failed = (error: unknown) => void out.destroy(error as Error);
  /** The file as it goes by, with its hash taken. */
  function counted({ name, source }: Part): Readable {
    const hash = createHash('sha256');
    const from = source();
    current = from;
    const through = new Transform({
      transform(piece, _encoding, done) {
        hash.update(piece);
        done(null, piece);
      },
      flush(done) {
        digests.push(`${hash.digest('hex')}  ${name}\n`);
        done();
      },
    });
    from.once('error', failed);
    through.once('error', failed);
    return from.pipe(through);
  }
  for (const part of parts)
    zip.addReadStreamLazy(
      part.name,
      { ...options, compress: !part.stored, ...(part.stored ? { size: part.size } : {}) },
      (give) => {
        try {
          give(null, counted(part));
        } catch (error) {
          failed(error);
        }
      },
    );
  zip.addReadStreamLazy(sums, { ...options, compress: false }, (give) =>
    give(null, Readable.from([Buffer.from(digests.join(''))])),
  );
  zip.once('error', failed);
  zip.end();
  zip.outputStream.once('error', failed);
  zip.outputStream.pipe(out);
  out.once('close', () => {
    current?.destroy();
    (zip.outputStream as Readable).destroy();
  });
  return out;
}
