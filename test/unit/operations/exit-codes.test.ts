import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { EXIT, exitCodeOf, STAYS_DOWN } from '../../../daemon/cli/common/exit-codes.js';
import { type ErrorCode, errors, fail } from '../../../daemon/domain/error.js';

const ROOT = join(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const page = read('docs/reference/exit-codes.md');

t.test('the page of exit codes says what the program does', async (t) => {
  const rows = [...page.matchAll(/^\| (\d+) +\| `(\w+)` +\|.*\| (yes|no) +\|$/gm)];
  t.same(
    rows.map(([, code]) => Number(code)),
    Object.values(EXIT),
  );
  t.same(
    rows.filter(([, code, , again]) => again === 'no' && code !== '0').map(([, code]) => Number(code)),
    STAYS_DOWN,
  );
  for (const exit of [EXIT.data, EXIT.rights, EXIT.config]) {
    const [, listed] = new RegExp(`^\\| ${exit} +\\| (\`.*\`.*) +\\|$`, 'm').exec(
      page.slice(page.indexOf('## What')),
    )!;
    const named = [...listed!.matchAll(/`(\w+)`/g)]
      .map(([, code]) => code!)
      .filter((code) => code !== 'path_unusable');
    const codes = (Object.keys(errors) as ErrorCode[]).filter((code) => exitCodeOf(fail(code)) === exit);
    t.same(named.toSorted(), codes.toSorted(), `exit code ${exit}`);
  }
});

t.test('a path without rights is for a person, one that is missing may come back', async (t) => {
  const unusable = (code: string) =>
    exitCodeOf(fail('path_unusable', '', Object.assign(new Error(code), { code })));
  t.equal(unusable('EACCES'), EXIT.rights);
  t.equal(unusable('EPERM'), EXIT.rights);
  t.equal(unusable('ENOENT'), EXIT.failed);
});

t.test('the units restart no service that only a person can help', async (t) => {
  for (const unit of ['tapedeck', 'tapedeck-web', 'tapedeck-encoder'])
    t.match(read(`systemd/${unit}.service`), `\nRestartPreventExitStatus=${STAYS_DOWN.join(' ')}\n`, unit);
});
