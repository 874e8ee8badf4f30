import { chownSync } from 'node:fs';
import t from 'tap';
import { becomeOwnerOf } from '../../../daemon/ops/process/become.js';

const NOT_ROOT = process.getuid?.() !== 0 && 'only root can give up its rights';

t.test('a Node.js that refuses to give up root says so, and what to do', { skip: NOT_ROOT }, async (t) => {
  const dir = t.testdir();
  chownSync(dir, 48_101, 48_101);
  // As Debian 13's 20.19.2 does.
  t.intercept(process, 'setgroups', {
    value: () => {
      throw Object.assign(new Error('setgroups() disabled: io_uring may be enabled.'), {
        code: 'ERR_INVALID_STATE',
      });
    },
  });
  t.throws(() => becomeOwnerOf(dir), { code: 'root_kept' });
  t.equal(process.getuid!(), 0, 'and nothing was given up by half');
});
