import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { makeBackup } from '../../../../daemon/app/backup/make.js';
import { runBackupProgram } from '../../../../daemon/app/backup/run.js';
import { sealedObject } from '../../../../daemon/domain/backup/backup.js';
import { loadConfig } from '../../../../daemon/ops/config.js';
import { type Destination, openDestination } from '../../../../daemon/vault/backup/destination.js';
import { loadSigningKey } from '../../../../daemon/vault/signing-key.js';
import { openBox, orderIn, type Site, siteIn } from '../../../support/backup/box.js';
import { kept, lose, restoreAll, run, whatIs } from '../../../support/backup/lost.js';
import { spoilFile, startS3 } from '../../../support/peers/s3.js';
import { startSshd } from '../../../support/peers/sftp.js';
import { scratch } from '../../../support/recordings/sealed.js';

type Place = { toml: string; spoil: (name: string) => void };
const table = (name: string, place: object): string =>
  [
    `[backup.${name}]`,
    ...Object.entries(place).map(([key, value]) => `${key} = ${JSON.stringify(value)}`),
    '',
  ].join('\n');

const PLACES: Record<string, (t: Test, site: Site) => Promise<Place>> = {
  'a folder': async (_, site) => ({
    toml: '',
    spoil: (name) => spoilFile(join(site.backups, name)),
  }),
  'an S3-compatible store': async (t) => {
    const { place, spoil } = await startS3(t);
    return { toml: table('s3', place), spoil };
  },
  'an SFTP server': async (t) => {
    const { place, spoil } = await startSshd(t);
    return { toml: table('sftp', place), spoil };
  },
};

/** The SHA-256 of every file of a data directory that a backup has as it is. */
function hashes(dir: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(dir.length + 1);
    if (entry.isFile() && /^(recordings|signing|prompts|documents)\//.test(name))
      found[name] = createHash('sha256').update(readFileSync(path)).digest('hex');
  }
  return found;
}

for (const [what, placed] of Object.entries(PLACES))
  t.test(`from a box to ${what}, and from there to a new machine`, async (t) => {
    const site = await siteIn(scratch(t));
    const { toml, spoil } = await placed(t, site);
    if (toml)
      writeFileSync(
        site.configFile,
        `${readFileSync(site.configFile, 'utf8').replace(/^path = .*$/m, '')}${toml}`,
      );
    const destination: Destination = loadConfig(site.configFile).backup;
    const box = await openBox(site);
    for (let n = 1; n <= 5; n++) await box.record(n, n === 5 ? 9_000_000 : 70_000);
    await box.hold('Smith', 5);
    const target = openDestination(destination);
    t.teardown(target.close);

    const first = await makeBackup(target, orderIn(site, { at: Date.now() - 1_000 }), box.signer);
    t.match(first, { sealed: 5, copied: 5, missing: 0 });
    await box.record(6);
    const calls = await box.catalogue.calls.list({ limit: 10 });
    const recordings = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => whatIs(box, n)));
    await box.close();
    // The second one as the recorder has it made: in a process of its own.
    const key = loadSigningKey(site.dataDir, [box.masterKey]);
    const { made } = await runBackupProgram(
      { what: 'backup', destination, keyPath: '', order: orderIn(site) },
      'made',
      {
        signer: key,
      },
    );
    t.match(made, { sealed: 6, copied: 1, missing: 0, target: target.name });
    const before = hashes(site.dataDir);
    t.ok(Object.keys(before).length >= 8);

    t.match(await run(site, 'backup', 'verify'), { code: 0, error: '', text: /is whole: \d+ objects/ });
    t.match(await run(site, 'backup', 'list'), { code: 0, error: '' });
    t.match(
      (await run(site, 'backup', 'drill', '--identity', site.identityFile)).text,
      /6 recordings opened\. Everything/,
    );
    lose(site);
    t.match(await restoreAll(site), { code: 0, error: '' });
    const { 'signing/head': _, ...after } = hashes(site.dataDir);
    t.same(after, before, 'every file has the SHA-256 that it had');
    const again = await openBox(site);
    t.same(await again.catalogue.calls.list({ limit: 10 }), calls);
    t.same(await Promise.all([1, 2, 3, 4, 5, 6].map((n) => whatIs(again, n))), recordings);
    t.match(recordings[0], kept);
    t.same(await again.catalogue.schemaFaults(), []);
    await again.close();

    const spoilt = sealedObject(before[Object.keys(before).find((name) => name.startsWith('recordings/'))!]!);
    spoil(spoilt);
    const found = await run(site, 'backup', 'verify');
    t.match(found, { code: 1, error: '' });
    t.match(found.text, `Damaged: ${spoilt} was changed.`);
  });
