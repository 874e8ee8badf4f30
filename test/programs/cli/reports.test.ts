import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import t from 'tap';
import { createSigningKey } from '../../../daemon/vault/signing-key.js';
import { startRecorder } from '../../support/cli-recorder.js';
import { site } from '../../support/cli-site.js';
import { aCall } from '../../support/recordings/a-call.js';

t.test('a report is written with its signature, and verified without a recorder', async (t) => {
  const code = process.exitCode;
  t.teardown(() => {
    process.exitCode = code;
  });
  const { dir, tapedeck, catalogue } = site(t, { short: true });
  const data = join(dir, 'data');
  await (await catalogue()).calls.save(
    aCall('01JA0000000000000000000001', { startedAt: Date.parse('2026-10-05T08:00:00Z') }),
  );
  const key = createSigningKey(data, Buffer.alloc(32, 7));
  const recorder = await startRecorder(data, { key });
  t.teardown(recorder.stop);
  const file = join(dir, 'calls.csv');
  const days = ['--from', '2026-10-01', '--to', '2026-10-31'];
  t.match(
    await tapedeck('report', 'agents', ...days, '--output', file),
    /calls\.csv\.sig\.json were written/,
  );
  const rows = parse(readFileSync(file), { bom: true }) as string[][];
  t.equal(rows.length, 2);
  t.equal(rows[1]![3], '01JA0000000000000000000001');
  await t.rejects(tapedeck('report', 'agents', ...days, '--output', file), { code: 'request_invalid' });
  await t.rejects(
    tapedeck('report', 'agents', '--from', '2026-10-02', '--to', '2026-10-01', '-f', '-o', file),
    {
      code: 'request_invalid',
      message: /after the last day/,
    },
  );
  await t.rejects(tapedeck('report', 'nothing'), /One of: retention/);
  t.match(await tapedeck('report', 'agents', ...days, '--force', '--output', file), /audit log entry \d+/);
  t.match(await recorder.catalogue.audit.entries({ actions: ['export'], limit: 9 }), [
    { actor: 'console', object: 'report', object_id: 'agents', detail: { from: '2026-10-01', what: 'csv' } },
    { object: 'report' },
  ]);
  await recorder.stop();

  const pem = join(dir, 'tapedeck.pem');
  writeFileSync(pem, key.publicKeyPem);
  const verify = (...more: string[]) => tapedeck('report', 'verify', file, `${file}.sig.json`, ...more);
  t.match(await verify('--public-key', pem), /^Valid: agents report of .*2026-10-01 to 2026-10-31/);
  t.equal(process.exitCode, code);
  t.match(await verify(), /^Not proved: the key came with the file\./m);
  t.equal(process.exitCode, 1, 'anybody can make a key');
  process.exitCode = 0;
  writeFileSync(file, `${readFileSync(file, 'utf8')} `);
  t.match(await verify('--public-key', pem), /differs from the one that was signed/);
  t.equal(process.exitCode, 1);
  t.match(JSON.parse(await verify('--json')), { fault: 'file' });
  await t.rejects(verify('--public-key', join(dir, 'none.pem')), { code: 'request_invalid' });
});
