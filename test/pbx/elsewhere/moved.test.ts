import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { awayPbx, PBX_AWAY } from '../../support/box/away-pbx.js';
import { linesOf } from '../../support/box/runbook.js';
import { makeCertificate, speakTls } from '../../support/pbx/over-tls.js';
import { startPbx } from '../../support/pbx/pbx.js';
import { freePort } from '../../support/peers/free-port.js';
import { createApiClient, createRecorderLab, until } from '../../support/recorder.js';

/** The runbook "PBX moved", followed as it is written: from a PBX that is gone to one on another machine, over TLS. */
const PAGE = 'runbooks/pbx-moved.md';

t.test('the PBX has moved to another machine, and calls are recorded from there', async (t) => {
  const dir = t.testdir({ away: {}, r: {} });
  const etc = join(dir, 'r');
  const pbx = await startPbx({ name: 'moved-22' });
  t.teardown(() => pbx.stop());
  const { ca, ...certificate } = await makeCertificate(join(dir, 'tls'));
  const { ariUrl, amiPort } = await speakTls(pbx, { ca, ...certificate });

  // The same user and secrets are on the new machine, as step 1 says.
  const before = awayPbx(join(dir, 'away'));
  const recorder = createRecorderLab({
    ...{ dir: etc, webPort: await freePort(), testCalls: '[test_calls]\nenabled = true\n' },
    pbx: {
      ...before,
      ari: { ...before.ari, passwordFile: pbx.ari.passwordFile },
      ami: { ...before.ami, secretFile: pbx.ami.secretFile },
    },
  });
  t.teardown(() => recorder.stop());
  await recorder.startDaemon(PBX_AWAY);
  const { address, setupCode } = await recorder.startWeb();
  await createApiClient(address).setUp(setupCode!, 'ada', 'four unrelated quiet words');
  await until('what the page says is seen', async () => {
    const { out } = await recorder.command(['doctor']);
    return /PBX \(ARI\)/.test(out) && !/PBX \(ARI\) connection.*TLS/.test(out);
  });

  const lines = linesOf(PAGE, 'What to do');
  const consoles = lines.filter((line) => line.startsWith('asterisk -rx '));
  t.equal(consoles.length, 3);
  for (const line of consoles) {
    const said = await pbx.cli(/'(.+)'/.exec(line)![1]!);
    t.match(said, line.includes('http show') ? /HTTP Server Status[\s\S]*Enabled/ : /tapedeck/, line);
  }

  // The addresses of the page are those of this PBX, and its files are in a folder of this test.
  copyFileSync(ca, join(etc, 'pbx-ca.crt'));
  const entered = lines
    .filter((line) => /^[a-z_]+ = /.test(line))
    .map((line) =>
      line
        .replace('https://192.0.2.10:8089', ariUrl)
        .replace('192.0.2.10', '127.0.0.1')
        .replace('5039', String(amiPort))
        .replace('/etc/tapedeck', etc)
        .replace('/var/spool/asterisk-moved', join(dir, 'moved')),
    );
  const keys = entered.map((line) => line.split(' = ')[0]!);
  t.same(
    keys.toSorted(),
    ['ami_ca_file', 'ami_host', 'ami_port', 'ami_tls', 'ari_ca_file', 'ari_url', 'spool'].toSorted(),
  );
  const kept = readFileSync(recorder.config, 'utf8')
    .split('\n')
    .filter((line) => !keys.includes(line.split(' = ')[0]!));
  writeFileSync(recorder.config, kept.join('\n').replace('[pbx]', ['[pbx]', ...entered].join('\n')));

  t.ok(lines.includes('tapedeck doctor'));
  const doctor = await recorder.command(['doctor']);
  t.match(doctor.out, /PBX \(ARI\) connection.*TLS/);
  t.match(doctor.out, /PBX \(AMI\) connection.*TLS/);
  t.ok(lines.includes('systemctl restart tapedeck'));
  await recorder.stopDaemon();
  await recorder.startDaemon(
    /Connected to AMI[\s\S]*Connected to ARI|Connected to ARI[\s\S]*Connected to AMI/,
  );

  const checks = linesOf(PAGE, 'How you know that it worked');
  t.same(checks, ['tapedeck status', 'tapedeck test-call']);
  const [status, call] = [await recorder.command(['status']), await recorder.command(['test-call'])];
  t.match(status.out, /ARI/);
  t.equal(call.code, 0, call.out + call.err);
  t.notOk(existsSync(join(dir, 'moved')), 'the audio was fetched');
  await recorder.stop();
});
