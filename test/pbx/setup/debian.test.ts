import { once } from 'node:events';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import t from 'tap';
import { WebSocket } from 'ws';
import { applyChanges, undoChanges } from '../../../daemon/cli/setup/apply/apply.js';
import { openJournal } from '../../../daemon/cli/setup/apply/journal.js';
import { findPbx } from '../../../daemon/cli/setup/machine/find-pbx.js';
import { reloadPbx } from '../../../daemon/cli/setup/machine/reload.js';
import { planAsterisk } from '../../../daemon/cli/setup/plan/plan-asterisk.js';
import { runProgram } from '../../../daemon/ops/process/run-program.js';
import { probeAmi, probeAri } from '../../../daemon/pbx/probe.js';
import { startDebianAsterisk } from '../../support/setup/debian-asterisk.js';
import { treeOf } from '../../support/setup/tree.js';

/** `tapedeck setup` on a real Asterisk that has the configuration of Debian's package, running. */

const SECRETS = { ari: 'ari-0123456789', ami: 'ami-0123456789' };

for (const major of [22, 16] as const)
  t.test(`Asterisk ${major} with Debian's own configuration`, async (t) => {
    const pbx = await startDebianAsterisk(major).catch((e) => {
      // It comes from an archived suite, which the machine's mirror may no longer have.
      if (major !== 16 || !/apt-get/.test(String(e))) throw e;
      t.plan(0, `no Asterisk 16 here: ${e}`);
      return null;
    });
    if (!pbx) return;
    t.teardown(() => pbx.stop());
    const { places, etc, ports } = pbx;
    const before = treeOf(etc);
    const facts = async () => (await findPbx(runProgram, places))!;
    const found = await facts();
    t.match(found, { kind: 'asterisk', running: true, version: new RegExp(`^${major}\\.`) });
    t.equal(found.spool, join(pbx.dir, 'spool'));

    const plan = planAsterisk(found, SECRETS);
    t.same([plan.conflicts, plan.warnings], [[], []]);
    t.same(plan.reach, {
      ariUrl: `http://127.0.0.1:${ports.http}`,
      ...{ amiHost: '127.0.0.1', amiPort: ports.ami },
    });
    t.same(
      plan.changes
        .map((change) => (change.kind === 'file' ? change.path.slice(etc.length + 1) : ''))
        .toSorted(),
      ['ari.conf', 'cdr_manager.conf', 'extensions.conf', 'http.conf', 'manager.d/tapedeck.conf'],
      'manager.conf itself stays: Debian has it include manager.d',
    );
    const deps = { journal: openJournal(join(pbx.dir, 'journal')) };
    await applyChanges(plan.changes, deps);
    mkdirSync(pbx.recordings);
    t.same(await reloadPbx(found, runProgram, places), []);
    const after = await facts();
    t.same(planAsterisk(after, SECRETS).changes, [], 'run again it has nothing to do');
    t.ok(after.cdrBackends.includes('cdr_manager'), 'CDRs come over AMI');
    t.ok(after.contexts.includes('tapedeck-test') && after.contexts.includes('tapedeck-consent'));

    const ari = await probeAri(plan.reach.ariUrl, 'tapedeck', SECRETS.ari);
    t.match(ari, { status: 200, missing: [], mayWrite: true });
    const log = pino({ level: 'silent' });
    const ami = { host: '127.0.0.1', port: ports.ami, user: 'tapedeck', secret: SECRETS.ami, log };
    t.same(await probeAmi(ami), { mayCommand: false });

    await t.test('a call can be seen, and recorded', async (t) => {
      const authorization = `Basic ${Buffer.from(`tapedeck:${SECRETS.ari}`).toString('base64')}`;
      const ask = async (method: string, path: string) => {
        const answer = await fetch(`${plan.reach.ariUrl}/ari${path}`, { method, headers: { authorization } });
        return { status: answer.status, body: (await answer.json().catch(() => null)) as unknown };
      };
      const made = await ask(
        'POST',
        '/channels?endpoint=Local/call@tapedeck-test&extension=answer&context=tapedeck-test&priority=1',
      );
      t.equal(made.status, 200);
      const channel = made.body as { id: string; channelvars?: Record<string, string> };
      t.ok(channel.channelvars?.['CHANNEL(linkedid)'], 'every channel says which call it belongs to');
      const file = join(pbx.recordings, 'one.wav');
      const until = Date.now() + 20_000;
      const [id] = ((await ask('GET', '/channels')).body as { id: string }[]).map((one) => one.id);
      const socket = new WebSocket(`${plan.reach.ariUrl.replace('http', 'ws')}/ari/events?app=setup-test`, {
        headers: { authorization },
      });
      await once(socket, 'open');
      t.equal((await ask('POST', `/channels/${id}/snoop/s1?spy=in&app=setup-test`)).status, 200);
      let status = 0;
      while (status !== 201 && Date.now() < until) {
        status = (await ask('POST', '/channels/s1/record?name=one&format=wav')).status;
        await delay(100);
      }
      t.equal(status, 201);
      while (!(existsSync(file) && statSync(file).size > 20_000) && Date.now() < until) await delay(100);
      t.ok(statSync(file).size > 20_000, 'the sound is in the folder for recordings');
      socket.close();
    });

    t.ok((await undoChanges(deps)).every(({ how }) => how === 'restored' || how === 'removed'));
    t.same(treeOf(etc), before, 'undo leaves every file as Debian installed it');
    t.same(await reloadPbx(found, runProgram, places), []);
    // Whether Asterisk closes the port without a restart differs; the account is gone at once.
    t.not((await probeAri(plan.reach.ariUrl, 'tapedeck', SECRETS.ari)).status, 200);
  });
