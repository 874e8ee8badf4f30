/** What a package may come to, in bytes: to download, and installed beside ffmpeg. */
export const MOST = { download: 45_000_000, installed: 200_000_000 };

export type Part = { name: string; bytes: number };

/** The part of the package that a file belongs to: an npm package, or a folder of the programs. */
function partOf(path: string): string {
  const inside = path.replace(/^usr\/lib\/tapedeck\//, '');
  const npm = /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(inside);
  if (npm)
    return npm[1]!.startsWith('@') ? `node_modules/${npm[1]!.split('/')[0]}` : `node_modules/${npm[1]}`;
  return inside.split('/').slice(0, 2).join('/');
}

/** Returns the parts of a package, largest first. */
export function partsOf(files: { path: string; bytes: number }[]): Part[] {
  const sums = new Map<string, number>();
  for (const { path, bytes } of files) sums.set(partOf(path), (sums.get(partOf(path)) ?? 0) + bytes);
  return [...sums].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes);
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1).padStart(6)} MB`;

/** Returns the sizes of a package as people read them, with its ten largest parts. */
export function tellSizes(download: number, parts: Part[]): string {
  const installed = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const lines = parts.slice(0, 10).map(({ name, bytes }) => `  ${megabytes(bytes)}  ${name}`);
  return [
    `${megabytes(download).trim()} to download, ${megabytes(installed).trim()} installed. The ten largest parts:`,
    ...lines,
  ].join('\n');
}

/** Throws when a package is larger than it may be. */
export function checkSizes(download: number, parts: Part[]): void {
  const installed = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  if (download > MOST.download)
    throw new Error(
      `the package has ${megabytes(download)} to download; ${megabytes(MOST.download)} at most`,
    );
  if (installed > MOST.installed)
    throw new Error(
      `the package takes ${megabytes(installed)} installed; ${megabytes(MOST.installed)} at most`,
    );
}
