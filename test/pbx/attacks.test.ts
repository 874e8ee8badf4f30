import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { tlsFolder } from '../../daemon/domain/paths.js';
import { type Attack, allKinds, createCaller, tryNames, trySpool } from '../support/name-attacks.js';
import { type Attacker, attackers, createNames } from '../support/names.js';
import { createLab, emptySpool, startPbx } from '../support/pbx/pbx.js';
import { tone } from '../support/pbx/sources.js';

/**
 * Some of what `scripts/pentest names` tries: each kind once where it can be done, which is in the dashboard's own folders, all
 * names where it cannot, and every kind on what the dashboard could change or replace when it wrote the catalogue.
 */
t.test(
  'names in the data directory that the other users can change destroy nothing, and calls are recorded',
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
    const certificate = (name: string) => join(tlsFolder(names.data), name);
    const open: Attack[] = [
      { who: 'dashboard', kind: 'symbolic link', path: certificate('served.crt') },
      { who: 'dashboard', kind: 'fifo', path: certificate('ca.key') },
    ];
    const closed = (paths: string[]): Attack[] => {
      const theirs = (path: string) => /\/(tls|web)(\/|$)/.test(path);
      const each = paths.filter((path) => !theirs(path));
      return (Object.keys(attackers) as Attacker[]).flatMap((who) =>
        each.flatMap((path, n) => {
          const some = /\/(catalogue|control|keys|owner|signing)(\/|$)/.test(path)
            ? allKinds
            : [allKinds[n % allKinds.length]!];
          return some.map((kind) => ({ who, kind, path }));
        }),
      );
    };
    const { tried, done, findings } = await tryNames(names, (paths) => [...closed(paths), ...open], {
      call,
      say: t.comment,
    });
    t.comment(`${tried} tried, ${done} possible`);
    t.ok(tried > 40, 'enough to mean something');
    t.equal(done, open.length, 'what is closed is closed, and what is open was done');
    t.same(findings, []);
    const spool = await trySpool(names, 'asterisk', ['symbolic link', 'directory'], { call, say: t.comment });
    t.match(spool, { done: 2, findings: [] }, 'a capture that Asterisk puts something else in place of');
  },
);
