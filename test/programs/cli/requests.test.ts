import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { answerCommands } from '../../../daemon/domain/privacy/answer.js';
import { createSigningKey } from '../../../daemon/vault/signing-key.js';
import { aPrivacyRequest } from '../../support/catalogue/privacy-request.js';
import { startRecorder } from '../../support/cli-recorder.js';
import { site } from '../../support/cli-site.js';
import { addCall } from '../../support/web/dashboard.js';

t.test('requests are listed on the command line by their deadline', async (t) => {
  const { dir, tapedeck } = site(t, { short: true });
  await tapedeck('calls');
  t.equal(await tapedeck('requests'), 'No request has to be answered.');
  t.equal(await tapedeck('requests', '--closed'), 'No request has been closed.');
  const catalogue = createSqliteCatalogue({ path: catalogueFile(join(dir, 'data')) });
  await catalogue.start();
  const requests = catalogue.privacyRequests;
  await requests.add(aPrivacyRequest('P1', { received: '2026-05-03', name: 'Ann\u001b[31m Example' }));
  await requests.add(aPrivacyRequest('P2', { received: '2999-01-03', kind: 'delete', name: 'Bob' }));
  await requests.add(aPrivacyRequest('P3', { received: '2026-04-03' }));
  const answer = { day: '2026-04-20', outcome: 'refused' as const, grounds: ['identity' as const], note: '' };
  await requests.close('P3', answer, 'Ada', 9);
  await requests.forget('P3', 10);
  await catalogue.stop();
  const listed = await tapedeck('requests');
  t.match(
    listed,
    /1 .*access.*gdpr.*Ann.*2026-05-03.*2026-06-03.*open, overdue.*2 .*delete.*ccpa.*Bob.*2999-02-17.*open/s,
  );
  t.notMatch(listed, /\u001b/, 'no escape of somebody else reaches the terminal');
  t.match(await tapedeck('requests', '--closed'), /3 .*access.*gdpr.*-.*2026-04-03.*2026-04-20.*refused/);
  t.match(JSON.parse(await tapedeck('requests', '--json')), [
    { number: 1, last_day: '2026-06-03', urgency: 'over' },
    { number: 2, law: 'ccpa', urgency: 'none', answered: null },
  ]);
});

t.test('root shows, answers and closes a request on the command line, and the log says so', async (t) => {
  const { dir, tapedeck } = site(t, { short: true });
  await tapedeck('calls');
  const key = createSigningKey(join(dir, 'data'), new Uint8Array(32));
  const recorder = await startRecorder(join(dir, 'data'), { key });
  t.teardown(recorder.stop);
  const { catalogue } = recorder;
  await catalogue.privacyRequests.add(aPrivacyRequest('P1', { from: null, name: 'Ann\u001b[31m' }));
  await addCall(catalogue, { them: { number: '0301234567', name: '', ours: false }, startedAt: Date.now() });
  const shown = await tapedeck('requests', 'show', '1');
  t.match(shown, /identity +Called back[\s\S]*answer by +2026-06-03[\s\S]*0301234567/);
  t.notMatch(shown, /\u001b/);
  await t.rejects(tapedeck('requests', 'show', '2'), { code: 'privacy_unknown' });

  const zip = join(dir, 'answer.zip');
  const answer = (...more: string[]) => tapedeck('requests', 'answer', '1', '--output', zip, ...more);
  await t.rejects(answer('--letter', 'erasure'), { code: 'privacy_invalid' });
  t.match(
    await answer('--letter', 'refusal', '--ground', 'no_data'),
    /answer\.zip was written\. It is not encrypted/,
  );
  await t.rejects(answer('--letter', 'refusal'), { code: 'request_invalid' }, 'the file is there');
  const folder = join(dir, 'answer');
  execFileSync('unzip', ['-q', zip, '-d', folder]);
  const verify = (...more: string[]) => tapedeck('requests', 'verify', join(folder, 'answer.json'), ...more);
  writeFileSync(join(dir, 'key.pem'), key.publicKeyPem);
  t.match(await verify('--public-key', join(dir, 'key.pem')), /^Valid: the answer of .* to request 1, made /);
  t.equal(process.exitCode ?? 0, 0);
  t.match(await verify(), /^Not proved: the key came with the file\./m);
  t.equal(process.exitCode, 1, 'anybody can make a key');
  process.exitCode = 0;
  const byHand = () => spawnSync('bash', ['-ec', answerCommands().join('\n')], { cwd: folder }).status;
  t.equal(byHand(), 0);
  const more = join(folder, 'more.txt');
  writeFileSync(more, 'More');
  t.not(byHand(), 0, 'a file that does not belong to it');
  t.equal(await verify('--public-key', join(dir, 'key.pem')), 'more.txt: does not belong to the answer');
  rmSync(more);
  t.equal(byHand(), 0);
  const readme = join(folder, 'README.txt');
  const [was, sums] = [readFileSync(readme), readFileSync(join(folder, 'SHA256SUMS'))];
  appendFileSync(readme, 'more');
  const hash = (of: Buffer) => createHash('sha256').update(of).digest('hex');
  writeFileSync(join(folder, 'SHA256SUMS'), `${sums}`.replace(hash(was), hash(readFileSync(readme))));
  t.not(byHand(), 0, 'another file, and another hash in the list that nobody signed');
  writeFileSync(readme, was);
  writeFileSync(join(folder, 'SHA256SUMS'), sums);
  appendFileSync(join(folder, 'calls.csv'), 'more\r\n');
  t.equal(await verify('--public-key', join(dir, 'key.pem')), 'calls.csv: is not what was signed');
  t.equal(process.exitCode, 1);
  process.exitCode = 0;

  const text = join(dir, 'letter.txt');
  writeFileSync(text, 'Dear Ann,\n\nno.');
  await answer('--letter', 'refusal', '--text', text, '--force');
  const close = ['requests', 'close', '1', '--outcome', 'refused'];
  await t.rejects(tapedeck(...close), { code: 'privacy_invalid' }, 'without grounds');
  t.equal(await tapedeck(...close, '--ground', 'no_data', '--note', 'Told her'), 'Request 1 is closed.');
  t.match(await tapedeck('requests', 'show', '1'), /refused[\s\S]*grounds +no_data[\s\S]*Told her/);
  await t.rejects(answer('--letter', 'refusal', '--force'), { code: 'privacy_closed' });
  t.match(await catalogue.audit.entries({ limit: 3, objectId: 'P1' }), [
    { action: 'privacy_close', actor: 'console' },
    { action: 'export', actor: 'console', detail: { what: 'answer', letter: 'refusal' } },
    { action: 'export', actor: 'console' },
  ]);
});
