import { chmodSync, chownSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { applyFixes, spoolFixes } from '../../../daemon/cli/doctor/fix.js';
import { applyChanges, undoChanges } from '../../../daemon/cli/setup/apply/apply.js';
import { openJournal } from '../../../daemon/cli/setup/apply/journal.js';
import { findPbx, PLACES } from '../../../daemon/cli/setup/machine/find-pbx.js';
import type { Change } from '../../../daemon/cli/setup/plan/change.js';
import { planAsterisk } from '../../../daemon/cli/setup/plan/plan-asterisk.js';
import { betweenCalls, OTHER } from './others.js';

const SECRETS = { ari: 'ari-0123456789', ami: 'ami-0123456789' };
export const nothing = async () => ({ code: 1, out: '' });

/** An Asterisk whose folders are its user's, and folders of root's in which the same is. */
export function createPbx(t: Test, name: string) {
  const dir = t.testdir({
    [name]: {
      etc: {
        'asterisk.conf': '[options]\n',
        'http.conf': '[general]\n',
        'ari.conf': '[general]\n',
        'manager.conf': '[general]\n#include "manager.d/*.conf"\n',
        'cdr_manager.conf': '[general]\n',
        'extensions.conf': '[default]\n',
        'manager.d': { 'tapedeck.conf': '; empty\n' },
      },
      spool: { recording: {} },
      root: {
        'http.conf': '[general]\n',
        'manager.d': { 'tapedeck.conf': '; empty\n' },
        recording: { file: 'of root\n' },
      },
    },
  });
  const base = join(dir, name);
  chmodSync(base, 0o755);
  const [etc, spool, root] = ['etc', 'spool', 'root'].map((one) => join(base, one)) as [
    string,
    string,
    string,
  ];
  writeFileSync(
    join(etc, 'asterisk.conf'),
    `[directories]\nastetcdir => ${etc}\nastspooldir => ${spool}\nastlogdir => ${spool}\n`,
  );
  for (const folder of [etc, spool])
    for (const one of ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })])
      chownSync(join(folder, one), OTHER, OTHER);
  const deps = () => ({ journal: openJournal(join(base, 'journal')) });
  const plan = async (): Promise<Change[]> => {
    const facts = (await findPbx(nothing, { ...PLACES, etc }))!;
    return [
      ...planAsterisk(facts, SECRETS).changes,
      {
        ...{ kind: 'folder', path: join(spool, 'recording'), mode: 0o2770, pbx: true, why: '' },
        owner: facts.owner,
      },
    ];
  };
  return {
    ...{ base, etc, spool, root },
    plan,
    setUp: async () => applyChanges(await plan(), deps()),
    undo: () => undoChanges(deps()),
    fix: () => applyFixes(spoolFixes(join(spool, 'recording'))),
  };
}
export type OthersPbx = ReturnType<typeof createPbx>;

/** What a command came to: the error that it threw, or what it says. */
export const resultOf = async (work: () => Promise<unknown>): Promise<string> => {
  let said = '';
  await betweenCalls(
    '',
    async () => {
      said = await work().then(
        (result) => JSON.stringify(result ?? null),
        (e) => `${e.code ?? ''} ${e.message} ${e.detail ?? ''}`,
      );
    },
    () => {},
  );
  return said;
};
