import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeCertificate, speakTls } from '../../support/pbx/over-tls.js';
import { createLab, startPbxOrSkip } from '../../support/pbx/pbx.js';
import { lasting, sequence, silence, wavSource } from '../../support/pbx/sources.js';
import { lackOf } from '../../support/pbx/whole.js';
import { createApiClient, createRecorderLab, seconds, until } from '../../support/recorder.js';
import { decode, rmsDb } from '../../support/recordings/audio.js';

/** A PBX on another machine: ARI and AMI over TLS, the spool not seen, what was captured fetched at a limited rate. */
for (const version of [22, 16] as const)
  t.test(`a call on Asterisk ${version} is recorded and fetched over TLS`, async (t) => {
    const pbx = await startPbxOrSkip(t, { version, name: `elsewhere-${version}` });
    if (!pbx) return;
    t.teardown(() => pbx.stop());
    const dir = t.testdir({});
    const [right, wrong] = [
      await makeCertificate(join(dir, 'tls')),
      await makeCertificate(join(dir, 'other')),
    ];
    const { ariUrl, amiPort } = await speakTls(pbx, right);
    const over = (name: string, ca: string) =>
      createRecorderLab({
        dir: join(dir, name),
        pbx: {
          ...pbx,
          ari: { ...pbx.ari, url: ariUrl },
          ami: { ...pbx.ami, port: amiPort },
          recordingDir: join(dir, 'not-here'),
        },
        first: `ari_ca_file = "${ca}"\nami_tls = true\nami_ca_file = "${ca}"\nfetch_mbit = 2`,
      });

    const stranger = over('stranger', wrong.ca);
    t.teardown(() => stranger.stop());
    await stranger.startDaemon(/pbx_untrusted[\s\S]*pbx_untrusted/);
    const said = await stranger.command(['doctor']);
    t.match(said.out, /PBX \(ARI\).*authority that is not trusted here.*Nothing was sent/s);
    await stranger.stop();
    t.notMatch(readFileSync(join(dir, 'stranger/run.log'), 'utf8'), /Connected to/);

    const recorder = over('r', right.ca);
    t.teardown(() => recorder.stop());
    await recorder.startDaemon(
      /Connected to AMI[\s\S]*Connected to ARI|Connected to ARI[\s\S]*Connected to AMI/,
    );
    const lab = createLab(pbx);
    t.teardown(() => lab.stop());
    const { address, setupCode } = await recorder.startWeb();
    const api = createApiClient(address);
    await api.setUp(setupCode!, 'ada', 'four unrelated quiet words');
    await lab.phone('100', { source: () => sequence([wavSource(lab.prompt('vm-intro')), silence()]) });
    const carrier = await lab.carrier();
    const call = await carrier.call('5551000', {
      caller: { number: '+442079460123', name: 'Ines' },
      source: sequence([lasting(1, silence()), wavSource(lab.prompt('tt-weasels')), silence()]),
    });
    t.equal(await call.answered, true);
    await seconds(6);
    await call.hangup();
    const done = await until('the recording', async () =>
      (await api.calls()).find((c) => c.state === 'ended' && c.recording !== null),
    );
    t.equal(lackOf(done.coverage), '');
    const { channels } = await decode(await api.audio(done.id), 8000);
    for (const channel of channels) t.ok(rmsDb(channel as Float32Array) > -60, 'each side has sound');
    t.notOk(existsSync(join(dir, 'not-here')), 'the spool is not on this machine');
    await until('nothing is left on the PBX', async () => {
      const stored = await pbx.ask<{ name: string }[]>('/recordings/stored');
      return stored.every(({ name }) => !name.startsWith('tapedeck'));
    });
    const doctor = await recorder.command(['doctor']);
    t.match(
      doctor.out,
      /PBX \(ARI\) connection.*TLS; the certificate of 127\.0\.0\.1 is valid for (29|30) more days/,
    );
    t.match(doctor.out, /PBX \(AMI\) connection.*TLS/);
    await recorder.stop();
  });
