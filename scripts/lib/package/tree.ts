import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { fetchNode } from './native.js';
import { type Arch, SOURCES } from './places.js';

const HOME = 'usr/lib/tapedeck';
/** As `npm run build` writes it: programs, the dashboard, prompts and documentation. What explains them to a debugger stays out. */
const NOT_SHIPPED = /\.map$|^\.built$|^sbom\.cdx\.json$/;
const UNITS = /\.(service|socket|path|timer)$/;

/** The program by which people and the services call Tapedeck: with the package's own Node.js, whatever else is installed. */
const COMMAND = `#!/bin/sh
exec /${HOME}/bin/node /${HOME}/dist/daemon/main.js "$@"
`;

const gzip = (text: Buffer) => {
  const zipped = gzipSync(text, { level: 9 });
  // The system that zipped it (RFC 1952, OS): the same everywhere.
  zipped[9] = 3;
  return zipped;
};

/** What a package is made of: each of them is a folder that exists. */
export type Parts = { arch: Arch; version: string; native: string; modules: string; sbom: string };

/** Lays out the files of the package below `root`, as they are on the machine. */
export async function layOut(root: string, { arch, version, native, modules, sbom }: Parts): Promise<void> {
  const at = (path: string) => {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    return file;
  };
  const put = (path: string, content: string | Buffer, mode = 0o644) =>
    writeFileSync(at(path), content, { mode });
  const copy = (from: string, to: string) => copyFileSync(join(SOURCES, from), at(to));

  cpSync(join(SOURCES, 'dist'), at(`${HOME}/dist`), {
    recursive: true,
    filter: (path) => !NOT_SHIPPED.test(path.split('/').at(-1)!),
  });
  cpSync(modules, at(`${HOME}/node_modules`), { recursive: true });
  const sqlite = `${HOME}/node_modules/better-sqlite3/build/Release/better_sqlite3.node`;
  copyFileSync(join(native, 'better_sqlite3.node'), at(sqlite));
  copyFileSync(join(native, 'node'), at(`${HOME}/bin/node`));
  copyFileSync(join(await fetchNode(arch), 'LICENSE'), at(`${HOME}/bin/LICENSE`));
  copy('LICENSE', `${HOME}/LICENSE`);
  copy('tapedeck.toml.example', `${HOME}/tapedeck.toml.example`);
  cpSync(join(SOURCES, 'asterisk-conf'), at(`${HOME}/asterisk-conf`), { recursive: true });
  const about = JSON.parse(readFileSync(join(SOURCES, 'package.json'), 'utf8'));
  const { name, description, license, type } = about;
  put(`${HOME}/package.json`, `${JSON.stringify({ name, version, description, license, type }, null, 2)}\n`);
  put('usr/bin/tapedeck', COMMAND, 0o755);

  for (const unit of readdirSync(join(SOURCES, 'systemd')).filter((one) => UNITS.test(one)))
    copy(`systemd/${unit}`, `usr/lib/systemd/system/${unit}`);
  copy('systemd/no-growth.pl', `${HOME}/bin/no-growth.pl`);
  copy('systemd/tapedeck.sysusers', 'usr/lib/sysusers.d/tapedeck.conf');
  copy('systemd/tapedeck.tmpfiles', 'usr/lib/tmpfiles.d/tapedeck.conf');

  const doc = 'usr/share/doc/tapedeck';
  for (const name of ['prometheus-rules.yml', 'grafana-dashboard.json'])
    copy(`monitoring/${name}`, `${doc}/monitoring/${name}`);
  copy('scripts/lib/package/debian/copyright', `${doc}/copyright`);
  put(`${doc}/changelog.gz`, gzip(readFileSync(join(SOURCES, 'CHANGELOG.md'))));
  put(`${doc}/sbom.cdx.json.gz`, gzip(readFileSync(sbom)));
  // Where the man page and the completion are built, they are installed where man and bash look.
  const dist = join(root, HOME, 'dist');
  const page = join(dist, 'man/tapedeck.1');
  if (existsSync(page)) put('usr/share/man/man1/tapedeck.1.gz', gzip(readFileSync(page)));
  const completion = join(dist, 'completion/tapedeck.bash');
  if (existsSync(completion)) copyFileSync(completion, at('usr/share/bash-completion/completions/tapedeck'));
  for (const moved of ['man', 'completion']) rmSync(join(dist, moved), { recursive: true, force: true });
  settle(root);
}

const PROGRAMS = new Set([`${HOME}/bin/node`, 'usr/bin/tapedeck']);

/** Gives every file and folder the mode that it has in the package, whatever the umask was where it came from. */
function settle(root: string, path = ''): void {
  const here = join(root, path);
  chmodSync(here, 0o755);
  for (const entry of readdirSync(here, { withFileTypes: true })) {
    const inside = path ? `${path}/${entry.name}` : entry.name;
    if (entry.isDirectory()) settle(root, inside);
    else if (entry.isFile()) chmodSync(join(root, inside), PROGRAMS.has(inside) ? 0o755 : 0o644);
    else throw new Error(`${inside} is neither a file nor a folder`);
  }
}

/** Returns the path of every file below a folder, from there, sorted. */
export function pathsOf(root: string, path = ''): string[] {
  return readdirSync(join(root, path), { withFileTypes: true })
    .flatMap((entry) => {
      const inside = path ? `${path}/${entry.name}` : entry.name;
      return entry.isDirectory() ? pathsOf(root, inside) : [inside];
    })
    .sort();
}

/** Returns the bytes of every file below a folder, with the path from there, sorted by path. */
export const filesOf = (root: string): { path: string; content: Buffer }[] =>
  pathsOf(root).map((path) => ({ path, content: readFileSync(join(root, path)) }));
