import { randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import type { Page } from 'playwright-core';
import t from 'tap';
import { ulid } from 'ulid';
import { DAY_MS, digestOfShown } from '../../../daemon/domain/approval/approval.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { createFactorSecrets } from '../../../daemon/vault/factor-secrets.js';
import { openBrowser } from '../../support/web/browser.js';
import { openDashboard, password, setUp } from '../../support/web/dashboard.js';

const opened = await openBrowser(t);

async function signIn(page: Page, name: string, code?: () => string): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  if (code) {
    await page.getByLabel(/code/i).first().fill(code());
    await page.keyboard.press('Enter');
  }
  await page.getByRole('button', { name: `Menu of ${name}` }).waitFor();
}

t.test(
  'one person asks, cannot approve it, and a second person does in a browser of their own',
  async (t) => {
    const dashboard = await openDashboard(t, { uiDir: opened.uiDir, now: Date.now, live: { pollMs: 20 } });
    const { app, catalogue, clock, masterKey } = dashboard;
    clock.ms = Date.now();
    await setUp(dashboard, 'Anna Berg');
    const anna = (await catalogue.people.byName('Anna Berg'))!.id;
    const ben = ulid();
    const passwordHash = `hash of ${password}`;
    await catalogue.people.add({
      ...FOUNDER,
      id: ben,
      name: 'Ben Orchard',
      passwordHash,
      createdAt: Date.now(),
    });
    const secret = new Secret({ buffer: Uint8Array.from(randomBytes(20)).buffer });
    const keeping = { current: masterKey, next: null, reread: () => [masterKey] };
    const sealed = createFactorSecrets(() => keeping).seal(ben, Buffer.from(secret.bytes));
    await catalogue.factors.saveTotp(ben, { sealed, addedAt: Date.now() - 8 * DAY_MS, lastStep: 0 });
    const app2 = new TOTP({ secret });
    const shown = { recordings: ['01JDK3V7Q8ZM5T4R2XW9YB6C1E'] };
    const at = Date.now();
    await catalogue.approvals.ask({
      ...{ id: ulid(), act: 'erase', object: 'by hand', digest: digestOfShown(shown), shown, alone: false },
      ...{ reason: 'The caller asked for it.', askedBy: { id: anna, name: 'Anna Berg' }, askedAt: at },
      ...{ expiresAt: at + DAY_MS, notBefore: at },
    });
    const address = await app.listen({ port: 0, host: '127.0.0.1' });
    const pages = await Promise.all(
      [1, 2].map(async () => {
        const context = await opened.browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' });
        context.setDefaultTimeout(120_000);
        t.teardown(() => context.close());
        return context.newPage();
      }),
    );
    const [one, two] = pages as [Page, Page];
    for (const page of pages) await page.goto(`${address}/approvals`);
    await signIn(one, 'Anna Berg');
    await one.goto(`${address}/approvals`);
    await one.getByText('You asked for this yourself.').waitFor();
    t.equal(await one.getByRole('button', { name: 'Approve', exact: false }).count(), 0, 'Anna cannot');

    // Codes of this step and of the next one: each counts once, and neither is too old if its step ends meanwhile.
    await signIn(two, 'Ben Orchard', () => app2.generate({ timestamp: Date.now() }));
    await two.goto(`${address}/approvals`);
    await two.getByRole('button', { name: 'Approve: Erase recordings' }).click();
    const dialog = two.getByRole('dialog', { name: 'Approve this request?' });
    await dialog.getByText('01JDK3V7Q8ZM5T4R2XW9YB6C1E').waitFor();
    for (const [width, height] of [
      [1280, 800],
      [360, 740],
    ] as const) {
      await two.setViewportSize({ width, height });
      const wide = await two.evaluate('document.documentElement.scrollWidth <= innerWidth');
      t.ok(wide, `nothing is wider than ${width} px`);
    }
    await dialog.getByRole('button', { name: 'Approve', exact: true }).click();
    await two.getByLabel('Authentication code').fill(app2.generate({ timestamp: Date.now() + 30_000 }));
    await two.getByRole('button', { name: 'Continue' }).click();
    await two.getByText(/^Approved by Ben Orchard/).waitFor();
    await one.reload();
    await one.getByText(/^Approved by Ben Orchard/).waitFor();
    const [entry] = await catalogue.audit.entries({ actions: ['approval_give'], limit: 1 });
    t.match(entry, { actor_id: ben, detail: { asked_by: 'Anna Berg', approved_by: 'Ben Orchard' } });
  },
);
