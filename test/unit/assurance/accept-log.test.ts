import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { pino } from 'pino';
import t from 'tap';
import { audit } from '../../../daemon/cli/audit.js';
import { createCliContext } from '../../../daemon/cli/common/context.js';
import { TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import { CONTROL } from '../../../daemon/domain/operations/control.js';
import { controlSocket, ownerSocket } from '../../../daemon/domain/paths.js';
import { createControl } from '../../../daemon/operations/control.js';
import { ask } from '../../../daemon/ops/control-client.js';
import { signing, tamper, view } from '../../support/catalogue/audit-lab.js';
import { handlersOf, streamsOf } from '../../support/control-handlers.js';

const log = pino({ level: 'silent' });

t.test('only who owns the recorder can have a log signed that does not go on', async (t) => {
  // A socket's path is short.
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'tapedeck.toml'), '[data]\ndir = "."\n[keys]\nmaster_key_file = "master.key"\n');
  const { c, make } = await signing(t, dir);
  for (let n = 0; n < 5; n++) await c.audit.append(view(n));
  const checkpoints = make();
  await checkpoints.sign();
  tamper(c.path, (db) => db.exec('DELETE FROM audit WHERE seq > 4'));
  const control = createControl({
    ...{ socket: controlSocket(dir), ownerSocket: ownerSocket(dir), log },
    streams: streamsOf(),
    handlers: handlersOf({
      sign_checkpoint: checkpoints.sign,
      accept_log: ({ by, reason }) =>
        checkpoints.accept({ ...TAPEDECK, actor: 'console', actor_name: by }, reason),
    }),
  });
  const umask = process.umask(0);
  t.teardown(() => process.umask(umask));
  await control.start();
  t.teardown(() => control.stop());
  t.equal(process.umask(), 0);
  const mode = (path: string) => statSync(path).mode & 0o777;
  t.same([mode(controlSocket(dir)), mode(ownerSocket(dir))], [0o660, 0o600]);
  const { path } = CONTROL.accept_log;
  const refused = await new Promise<number | undefined>((resolve, reject) =>
    request({ socketPath: controlSocket(dir), path, method: 'POST' }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode));
    })
      .on('error', reject)
      .end(),
  );
  t.equal(refused, 404, 'not over the socket of the dashboard');
  await t.rejects(ask(dir, 'sign_checkpoint'), { code: 'checkpoint_refused' });
  const said: string[] = [];
  const context = createCliContext(() => join(dir, 'tapedeck.toml'));
  t.teardown(() => context.close());
  const program = new Command('tapedeck').exitOverride();
  audit(program, { ...context, out: (line: string) => void said.push(line) });
  await program.parseAsync(['audit', 'accept', '--reason', 'A backup.'], { from: 'user' });
  t.same(said, ['Signed at 5 entries.']);
  t.match(await c.audit.entries({ limit: 1 }), [{ action: 'checkpoint', reason: 'A backup.' }]);
});
