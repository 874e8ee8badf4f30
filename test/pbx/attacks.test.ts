import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type Attack, allKinds, createCaller, tryNames, trySpool } from '../support/name-attacks.js';
import { type Attacker, attackers, createNames } from '../support/names.js';
import { createLab, emptySpool, startPbx } from '../support/pbx/pbx.js';
import { tone } from '../support/pbx/sources.js';

/**
 * Some of what `scripts/pentest names` tries: all names, none of which can be changed, the dashboard's own among them, and every kind
 * on what the dashboard could change or replace when it wrote the catalogue.
 */
t.test(
  'names in the data directory cannot be changed by the other users, and calls are recorded',
  { skip: process.getuid?.() !== 0 && 'only root can be somebody else' },
  async (t) => {
    const base = mkdtempSync(join(tmpdir(), 'tapedeck-names-'));
    const pbx = await startPbx({ name: 'attacks' });
    emptySpool(pbx);
    const lab = createLab(pbx);
    const names = await createNames({ base, pbx });
    t.teardown(async () => {
      await names.kill();
      await lab.stop();
      await pbx.stop();
      rmSync(base, { recursive: true, force: true });
    });
    await lab.phone('100', { source: () => tone(440) });
    const carrier = await lab.carrier();
    const call = createCaller(carrier, names);
    const closed = (paths: string[]): Attack[] => {
      return (Object.keys(attackers) as Attacker[]).flatMap((who) =>
        paths.flatMap((path, n) => {
          const some = /\/(catalogue|control|keys|owner|signing)(\/|$)/.test(path)
            ? allKinds
            : [allKinds[n % allKinds.length]!];
          // What is in its own files the dashboard may write.
          const own = who === 'dashboard' && /\/(tls|web)\//.test(path);
          return some.filter((kind) => !own || kind !== 'truncated').map((kind) => ({ who, kind, path }));
        }),
      );
    };
    const { tried, done, findings } = await tryNames(names, closed, {
      call,
      say: t.comment,
    });
    t.comment(`${tried} tried, ${done} possible`);
    t.ok(tried > 40, 'enough to mean something');
    t.equal(done, 0, 'none can be changed');
    t.same(findings, []);
    const spool = await trySpool(names, 'asterisk', ['symbolic link', 'directory'], { call, say: t.comment });
    t.match(spool, { done: 2, findings: [] }, 'a capture that Asterisk puts something else in place of');
  },
);
