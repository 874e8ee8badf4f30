import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/** What browsers are served and can be compressed. */
const TEXT = /\.(js|css|html|svg)$/;

const forms = [
  {
    ending: '.br',
    compress: (bytes: Buffer) =>
      brotliCompressSync(bytes, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
          [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
        },
      }),
  },
  { ending: '.gz', compress: (bytes: Buffer) => gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }) },
];

/** Writes `x.js.br` and `x.js.gz` beside every `x.js` of a folder, wherever the compressed file is smaller. */
function compressFiles(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!TEXT.test(name)) continue;
    const bytes = readFileSync(join(folder, name));
    for (const { ending, compress } of forms) {
      const file = join(folder, name + ending);
      const small = compress(bytes);
      if (small.length < bytes.length) writeFileSync(file, small);
      else rmSync(file, { force: true });
    }
  }
}

/** Compresses what a build has written, once, so that the server never compresses anything itself. */
export function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    writeBundle({ dir }) {
      compressFiles(dir!);
    },
  };
}
