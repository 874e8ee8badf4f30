import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import type { Page } from 'playwright-core';
import type { Test } from 'tap';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { DAY_MS } from '../../../daemon/domain/approval/approval.js';
import { catalogueFile, keysFile } from '../../../daemon/domain/paths.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { hashPassword } from '../../../daemon/ops/secrets/password.js';
import { createFactorSecrets } from '../../../daemon/vault/factor-secrets.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { ensureMasterKey, openMasterKeys } from '../../../daemon/vault/master-key.js';
import { freshCatalogue } from '../catalogue/fresh.js';
import { createRecorderLab, until } from '../recorder.js';
import { awayPbx, PBX_AWAY } from './away-pbx.js';

const PASSWORD = 'four unrelated quiet words';
const STEP_MS = 30_000;
/** A code of the step before is taken only this early in a step: the server refuses it with the next. */
const FRESH_MS = 8_000;

type Filled = {
  catalogue: ReturnType<typeof createSqliteCatalogue>;
  keys: ReturnType<typeof createKeys>;
  dataDir: string;
};

/**
 * The built recorder and the built dashboard, as an admin runs them, on a data directory that `fill` has filled before they start. There
 * is no PBX. `names` are people who run the box and hear the calls, each with an authenticator app of eight days ago. `extra` is more
 * of tapedeck.toml.
 */
export async function openRealHouse(
  t: Test,
  { names, extra = '', fill }: { names: string[]; extra?: string; fill: (into: Filled) => Promise<void> },
) {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const pbx = awayPbx(dir);
  const lab = createRecorderLab({ dir, pbx, extra });
  t.teardown(() => lab.stop());
  const start = () => lab.startDaemon(PBX_AWAY);
  await start(); // it makes the master key and the databases
  await lab.stopDaemon();

  const masterKeyFile = join(dir, 'master.key');
  ensureMasterKey(masterKeyFile, keysFile(lab.dataDir));
  const { current: masterKey, reread } = openMasterKeys(masterKeyFile);
  const keys = createKeys({ path: keysFile(lab.dataDir), masterKey, reread });
  keys.start();
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(catalogueFile(lab.dataDir)) });
  await catalogue.start();
  const apps = new Map<string, { app: TOTP; used: number }>();
  for (const name of names) {
    const id = createHash('sha256').update(name).digest('hex').slice(0, 26).toUpperCase();
    const person = { ...FOUNDER, id, name, passwordHash: await hashPassword(PASSWORD) };
    await catalogue.people.add({ ...person, createdAt: Date.now() - 30 * DAY_MS });
    const secret = new Secret({ buffer: Uint8Array.from(randomBytes(20)).buffer });
    const sealed = createFactorSecrets(() => ({ current: masterKey, next: null, reread })).seal(
      id,
      Buffer.from(secret.bytes),
    );
    await catalogue.factors.saveTotp(id, { sealed, addedAt: Date.now() - 8 * DAY_MS, lastStep: 0 });
    apps.set(name, { app: new TOTP({ secret }), used: 0 });
  }
  await fill({ catalogue, keys, dataDir: lab.dataDir });
  await catalogue.stop();
  keys.stop();
  await start();
  const { address } = await lab.startWeb();

  /** A code that was not used yet: the one of the step before, of this one, or of the next one once it has begun. */
  async function code(name: string): Promise<string> {
    const one = apps.get(name)!;
    const first = Math.floor((Date.now() - FRESH_MS) / STEP_MS);
    const step = Math.max(first, one.used + 1);
    one.used = step;
    await until('the step before it', () => Date.now() >= (step - 1) * STEP_MS, 4 * STEP_MS);
    return one.app.generate({ timestamp: step * STEP_MS });
  }
  return {
    ...{ lab, address, dataDir: lab.dataDir },
    /** Signs in by name, password and code. */
    async signIn(page: Page, name: string): Promise<void> {
      await page.getByLabel('Name', { exact: true }).fill(name);
      await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByLabel('Authentication code').fill(await code(name));
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByRole('button', { name: `Menu of ${name}` }).waitFor();
    },
    /** Confirms who somebody is, where they are asked for that. */
    async prove(page: Page, name: string): Promise<void> {
      const dialog = page.getByRole('dialog', { name: 'Confirm it’s you' });
      await dialog.getByLabel(/^Authentication code/).fill(await code(name));
      await dialog.getByRole('button', { name: 'Continue' }).click();
      await dialog.waitFor({ state: 'detached' });
    },
  };
}

export type RealHouse = Awaited<ReturnType<typeof openRealHouse>>;
