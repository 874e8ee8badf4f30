import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { certified } from '../../support/certificates/in-dashboard.js';
import { startRecorder } from '../../support/cli-recorder.js';
import { site } from '../../support/cli-site.js';

t.test('certificates are listed, exported and verified on the command line', async (t) => {
  const { dir, tapedeck } = site(t, { short: true });
  t.match(await tapedeck('certificate', 'list'), /^There are no certificates of erasure yet\./);
  const recorder = await startRecorder(join(dir, 'data'));
  t.teardown(recorder.stop);
  const { catalogue } = recorder;
  const at = Date.UTC(2026, 4, 3, 9);
  const masterKey = new Uint8Array(32);
  const house = { catalogue, dataDir: join(dir, 'data'), masterKey, now: () => at };
  const { ids, pem } = await certified(house);

  t.match(await tapedeck('certificate', 'list'), /number +issued +kind +recordings +key\n1 .*retention +2 /);
  t.match(JSON.parse(await tapedeck('certificate', 'list', '--json')), {
    ...{ number: 1, issued_at: new Date(at).toISOString(), kind: 'retention', recordings: 2 },
  });

  const file = join(dir, 'one.json');
  await tapedeck('certificate', 'export', '1', '--output', file);
  const text = readFileSync(file, 'utf8');
  for (const id of ids) t.ok(text.includes(id), id);
  const [entry] = await catalogue.audit.entries({ actions: ['export'], limit: 1 });
  t.match(entry, { actor: 'console', object: 'certificate', object_id: '1', detail: { what: 'json' } });
  await t.rejects(tapedeck('certificate', 'export', '1', '--output', file), { code: 'request_invalid' });
  await tapedeck('certificate', 'export', '1', '--output', file, '--force');
  for (const none of ['2', '0', 'x', '99999999999'])
    await t.rejects(tapedeck('certificate', 'export', none, '--output', join(dir, 'none')), {
      code: 'certificate_unknown',
    });
  const pdf = join(dir, 'one.pdf');
  await tapedeck('certificate', 'export', '1', '--pdf', '--output', pdf);
  t.equal(readFileSync(pdf).subarray(0, 5).toString(), '%PDF-');

  const key = join(dir, 'key.pem');
  writeFileSync(key, pem);
  t.match(
    await tapedeck('certificate', 'verify', file, '--public-key', key),
    /^Valid: certificate EC-000001/,
  );
  t.equal(process.exitCode ?? 0, 0);
  t.match(await tapedeck('certificate', 'verify', file), /^Not proved: the key came with the file\./m);
  t.equal(process.exitCode, 1, 'anybody can make a key');
  t.match(JSON.parse(await tapedeck('certificate', 'verify', file, '--json')), {
    ...{ fault: null, proved: false },
  });

  const other = join(dir, 'other.json');
  writeFileSync(other, text.replace(ids[0]!, ids[0]!.replace(/.$/, 'Z')));
  t.notMatch(await tapedeck('certificate', 'verify', other), /Valid/, 'another recording');
  t.equal(process.exitCode, 1);
  process.exitCode = 0;
  await t.rejects(tapedeck('certificate', 'verify', join(dir, 'none.json')), { code: 'request_invalid' });
  await t.rejects(tapedeck('certificate', 'verify', file, '--public-key', file), { code: 'request_invalid' });
});
