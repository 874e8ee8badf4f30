import { chownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Debian's "nobody" and "nogroup". */
const NOBODY = 65534;
const root = process.getuid?.() === 0;

/**
 * Does `work` without root's rights, so that file modes count: `dir` and all in it becomes that user's, `but` and all in
 * it stays as it is. `work` is given `asRoot`, which does something as root in between. Where the tests do not run as
 * root, everything belongs to the same user already.
 */
export async function asNobody(
  dir: string,
  but: string,
  work: (asRoot: <T>(work: () => T) => T) => Promise<void>,
): Promise<void> {
  if (!root) return work((act) => act());
  const drop = () => {
    process.setegid!(NOBODY);
    process.seteuid!(NOBODY);
  };
  const regain = () => {
    process.seteuid!(0);
    process.setegid!(0);
  };
  const inside = readdirSync(dir, { recursive: true, withFileTypes: true }).map((e) =>
    join(e.parentPath, e.name),
  );
  for (const path of [dir, ...inside])
    if (path !== but && !path.startsWith(`${but}/`)) chownSync(path, NOBODY, NOBODY);
  const groups = process.getgroups!();
  process.setgroups!([NOBODY]);
  drop();
  try {
    await work((act) => {
      regain();
      try {
        return act();
      } finally {
        drop();
      }
    });
  } finally {
    regain();
    process.setgroups!(groups);
  }
}
