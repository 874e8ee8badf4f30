import { join } from 'node:path';
import { Command } from 'commander';
import type { Test } from 'tap';
import { createCliContext } from '../../daemon/cli/common/context.js';
import { keys as keysCommand } from '../../daemon/cli/keys.js';
import { makeCatalogue } from './catalogue/make-catalogue.js';

/** A site in a directory, and its `tapedeck keys`. */
export function site(t: Test, { fd }: { fd?: number } = {}) {
  const dir = t.testdir({
    'tapedeck.toml': '[data]\ndir = "data"\n[keys]\nmaster_key_file = "master.key"\n',
    data: {},
  });
  const said: string[] = [];
  return {
    dir,
    file: join(dir, 'master.key'),
    data: join(dir, 'data'),
    async tapedeck(...argv: string[]): Promise<string> {
      said.length = 0;
      await makeCatalogue(join(dir, 'data'));
      const real = createCliContext(
        () => join(dir, 'tapedeck.toml'),
        () => fd,
      );
      const context = {
        ...real,
        out: (s: string) => void said.push(s),
        err: (s: string) => void said.push(s),
      };
      const program = new Command('tapedeck').exitOverride().configureOutput({ writeErr: () => {} });
      keysCommand(program, context);
      try {
        await program.parseAsync(argv, { from: 'user' });
      } finally {
        await real.close();
      }
      return said.join('\n');
    },
  };
}
