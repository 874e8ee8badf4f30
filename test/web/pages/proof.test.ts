import t from 'tap';
import { hashed, newRecoveryCode, plainCode } from '../../../daemon/ops/secrets/codes.js';
import { faults, openBrowser, openDesk, tooWide } from '../../support/web/browser.js';
import { password } from '../../support/web/dashboard.js';
import { openFurnished, rules } from '../../support/web/furnished.js';

const opened = await openBrowser(t);

/** A house whose clock can be set ahead: proofs are good for ten minutes. */
async function openLater(t: Parameters<typeof openFurnished>[0], kind: 'office' | 'empty') {
  const clock = { aheadMs: 0 };
  const house = await openFurnished(t, opened, kind, { now: () => Date.now() + clock.aheadMs });
  return {
    house,
    later() {
      clock.aheadMs += 11 * 60_000;
    },
  };
}

t.test('the policy is saved after a password is given again, and a draft outlives a refusal', async (t) => {
  const { house, later } = await openLater(t, 'empty');
  const { catalogue } = house.dashboard;
  await catalogue.policy.save(rules, 'Anna Berg', Date.now(), 0);
  const { version } = await catalogue.policy.newest();
  const { page } = await openDesk(t, opened, house, { path: '/policy' });
  await page.getByRole('button', { name: 'Delete “Internal calls”' }).click();
  const save = page.getByRole('button', { name: 'Save the policy' });
  const proof = page.getByRole('dialog', { name: 'Confirm it’s you' });
  later();

  await save.click();
  await proof.getByText('You are about to change what is recorded and how long it is kept.').waitFor();
  await page.keyboard.press('Escape');
  await proof.waitFor({ state: 'detached' });
  await page.getByText('Nothing was changed, because you did not confirm it.').waitFor();
  t.strictSame(await page.locator('.rule h3').allTextContents(), [
    'Works council',
    'Orders',
    'Everything else',
  ]);
  t.equal((await catalogue.policy.newest()).version, version, 'nothing was saved');

  await save.click();
  await page.locator('#proof-password:focus').waitFor(); // one can type at once
  await proof.getByLabel('Password').fill('wrong');
  await page.keyboard.press('Enter');
  await proof.getByRole('alert').waitFor();
  t.equal((await catalogue.policy.newest()).version, version, 'by a wrong password neither');
  await proof.getByLabel('Password').fill(password);
  await page.keyboard.press('Enter');
  await page.getByText(`Saved as version ${version + 1}`).waitFor();
  t.equal(await proof.count(), 0);
  t.strictSame(
    (await catalogue.policy.newest()).policy.record.map(({ name }) => name),
    ['Works council'],
  );

  await page.goto(page.url().replace('/policy', '/audit'));
  const told = 'confirmed that they were changing what is recorded and how long it is kept (password)';
  await page.getByText(told).first().waitFor();
  const failed = 'failed to confirm that they were changing what is recorded and how long it is kept';
  await page.getByText(failed).first().waitFor();
});

t.test(
  'what is due is erased after a second factor is given again, over the dialog that asks for the word',
  async (t) => {
    const { house, later } = await openLater(t, 'office');
    const { catalogue, keys } = house.dashboard;
    const code = newRecoveryCode();
    await catalogue.factors.saveRecoveryCodes('anna', [hashed(plainCode(code))]);
    const due = [house.office.due1, house.office.due2, house.office.due3];
    for (const width of [1280, 360]) {
      const { page } = await openDesk(t, opened, house, { path: '/retention', width });
      await page.getByRole('button', { name: /^Erase \d+ recordings/ }).click();
      const asks = page.getByRole('dialog').filter({ hasText: 'safety limit' });
      const [word = ''] = /erase-\d+-[0-9a-f]{12}/.exec((await asks.textContent()) ?? '') ?? [];
      const typed = page.getByLabel(/To override the safety limit/);
      await typed.fill(word);
      const erase = page.getByRole('button', { name: /permanently/ });
      const proof = page.getByRole('dialog', { name: 'Confirm it’s you' });
      later();
      await erase.click();
      await proof.getByText('You are about to erase recordings or documents permanently.').waitFor();
      await page.locator('#proof-code:focus').waitFor();
      t.equal(await tooWide(page), 0);
      t.strictSame(await faults(page), []);
      t.equal(await page.getByText('Erasing…').count(), 0, 'nothing is said to be erased meanwhile');
      await proof.getByRole('button', { name: 'Cancel' }).click();
      await proof.waitFor({ state: 'detached' });
      t.equal(await typed.inputValue(), word, 'the word stands as it was typed');
      for (const { recording } of due) t.ok(keys.has(recording!.id), 'nothing is erased');
      if (width === 360) {
        await erase.click();
        await proof.getByLabel(/code/).fill(code);
        await page.keyboard.press('Enter');
        await page.getByText(`${due.length} erased.`).first().waitFor();
        t.equal(await page.getByRole('dialog').count(), 0, 'both dialogs are done');
      }
      await page.context().close();
    }
    for (const { recording } of due) t.notOk(keys.has(recording!.id), 'the keys are destroyed');
    const [entry] = await catalogue.audit.entries({ actions: ['second_factor'], outcome: 'ok', limit: 1 });
    t.match(entry, { actor_id: 'anna', detail: { with: ['recovery_code'], act: 'erasing' } });
  },
);
