import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { createLinks } from '../../../daemon/app/links.js';
import { createPbx, createPbxes } from '../../../daemon/app/pbx.js';
import { createApp } from '../../../daemon/app.js';
import { loadConfig } from '../../../daemon/ops/config.js';
import { ask } from '../../../daemon/ops/control-client.js';
import { createLog } from '../../../daemon/ops/log.js';
import type { Pbx } from '../../support/pbx/pbx.js';
import { createRecorderLab } from '../../support/recorder.js';

t.test('the recorder does nothing before it is started, and a part of it can be another', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-')); // short: there is a socket in it
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const secretFile = join(dir, 'secret');
  writeFileSync(secretFile, 'away\n', { mode: 0o600 });
  mkdirSync(join(dir, 'spool'));
  const lab = createRecorderLab({
    dir,
    pbx: {
      ari: { url: 'http://127.0.0.1:9/ari', passwordFile: secretFile },
      ami: { port: 9, secretFile },
      recordingDir: join(dir, 'spool'),
    } as Pbx,
  });
  const config = loadConfig(lab.config);
  const log = createLog('silent', 'test');
  const started: string[] = [];
  const stopped: string[] = [];
  const app = createApp(config, log, {
    overrides: {
      pbxes: (base, parts) =>
        config.pbxes.map((section) => {
          const pbx = createPbx(base, parts, section, (...given) => {
            const made = createLinks(...given);
            return {
              ...made,
              ari: {
                ...made.ari,
                start: () => void started.push('ari'),
                stop: async () => void stopped.push('ari'),
              },
              ami: {
                ...made.ami,
                start: () => void started.push('ami'),
                stop: async () => void stopped.push('ami'),
              },
            };
          });
          const ended = <W extends { stop: () => Promise<void> }>(name: string, watch: W): W => ({
            ...watch,
            stop: async () => {
              await watch.stop();
              stopped.push(name);
            },
          });
          const { watch, listening } = pbx.calls;
          const watched = { watch: ended('watch', watch), listening: ended('watch', listening) };
          return { ...pbx, calls: { ...pbx.calls, ...watched } };
        }),
    },
  });
  await app.stop();
  t.notOk(existsSync(config.data.dir), 'nothing was made');
  await app.start();
  t.same(started, ['ari', 'ami'], 'the PBX comes last');
  t.match(await ask(config.data.dir, 'status'), { pbxes: [{ id: '', name: 'PBX', ari: false }] });
  await t.rejects(createApp(config, log).start(), { code: 'already_running' });
  await app.stop();
  t.same(stopped, ['watch', 'watch', 'ari', 'ami'], 'what nobody hears any more does not count as watched');
  const again = createApp(config, log, { overrides: { pbxes: createPbxes } });
  await again.start();
  t.pass('what one has given up another may have');
  await again.stop();
});
