import { Secret, TOTP } from 'otpauth';
import t from 'tap';
import { faults, tooWide } from '../../support/web/browser.js';
import { password } from '../../support/web/dashboard.js';
import { providerHouse } from '../../support/web/provider.js';

const { withProvider } = await providerHouse(t);

t.test('second factors are set up and used, in a browser', async (t) => {
  const { page, origin, dashboard, context } = await withProvider(t, {});
  const { clock, catalogue } = dashboard;
  const complaints: string[] = [];
  page.on(
    'console',
    (m) => m.type() === 'error' && !/status of 4\d\d/.test(m.text()) && complaints.push(m.text()),
  );
  page.on('pageerror', (e) => complaints.push(e.message));
  const cdp = await context.newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
      ...{ isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
  const withPassword = async () => {
    await page.goto(origin);
    await page.getByLabel('Name', { exact: true }).fill('anna');
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  };
  const signOut = async () => {
    await page.getByRole('button', { name: 'Menu of anna' }).click();
    // Signing out ends the page, and a new one begins.
    const fresh = page.waitForEvent('load');
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await fresh;
    await page.getByLabel('Name', { exact: true }).waitFor();
  };
  const looks = async (name: string) => {
    for (const [width, colorScheme] of [[360, 'light'] as const, [1280, 'dark'] as const]) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      t.strictSame(await faults(page), [], `${name}, ${colorScheme}, ${width} px`);
      t.equal(await tooWide(page), 0, `${name}, ${width} px`);
    }
  };
  await catalogue.factors.setRoles(['admin']);
  await withPassword();
  await page.getByRole('heading', { name: 'Add a second factor' }).waitFor();
  await looks('enrolment');
  await page.getByRole('button', { name: 'Set up an app' }).click();
  const secret = ((await page.locator('.secret').textContent()) ?? '').replace(/\s/g, '');
  const code = () => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: clock.ms });
  await page.getByLabel('Code shown in the app').fill('000000');
  await page.getByRole('button', { name: 'Add app' }).click();
  await page.getByText('This code is wrong').waitFor();
  await looks('an app');
  await page.getByLabel('Code shown in the app').fill(code());
  await page.getByRole('button', { name: 'Add app' }).click();
  await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
  const codes = await page.locator('.codes-list code').allTextContents();
  t.equal(codes.length, 10);
  await looks('recovery codes');
  await page.getByRole('button', { name: 'I’ve saved these codes' }).click();
  await page.getByRole('button', { name: 'Menu of anna' }).waitFor();

  clock.ms += 11 * 60_000;
  await page.goto(`${origin}/account`);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByLabel('Name of the passkey').fill('laptop');
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await page.getByRole('heading', { name: 'Confirm it’s you' }).waitFor();
  await page.getByText('You are about to add a passkey to your account.').waitFor();
  await page.getByText('It counts for this one change.').waitFor();
  await looks('a proof');
  const byPassword = page.getByRole('textbox', { name: 'Password', exact: true });
  t.equal(await byPassword.count(), 0, 'who has a second factor shows that one');
  await page.getByLabel('Authentication code or recovery code').fill(code());
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('for localhost').waitFor();
  await looks('second factors');

  const prove = async () => {
    await page.getByRole('heading', { name: 'Confirm it’s you' }).waitFor();
    await page.getByLabel('Authentication code or recovery code').fill(code());
    await page.getByRole('button', { name: 'Continue' }).click();
  };
  clock.ms += 11 * 60_000;
  await page.getByRole('button', { name: 'Create token' }).click();
  await page.getByLabel('Purpose').fill('monitoring');
  await page.getByLabel('Read health, metrics').check();
  await page.getByRole('button', { name: 'Create this token' }).click();
  await page.getByRole('heading', { name: 'Confirm it’s you' }).waitFor();
  await looks('a proof for a token');
  const confirming = page.getByRole('dialog').filter({ hasText: 'Confirm it’s you' });
  await confirming.getByRole('button', { name: 'Cancel', exact: true }).click();
  await page.getByText('Nothing was changed').waitFor();
  await page.getByRole('button', { name: 'Create this token' }).click();
  await prove();
  await page.getByText('It is shown only now').waitFor();

  clock.ms += 11 * 60_000;
  await page.goto(`${origin}/people/new`);
  await page.getByLabel('Name', { exact: true }).fill('Ben');
  await page.getByLabel('Admin', { exact: true }).check();
  await page.getByRole('button', { name: 'Add person' }).click();
  await page.getByRole('heading', { name: 'Confirm it’s you' }).waitFor();
  await looks('a proof for somebody new');
  await prove();
  await page.getByRole('heading', { name: 'Ben' }).waitFor();
  t.match(await catalogue.people.byName('ben'), { roles: ['admin'] });
  clock.ms += 11 * 60_000;
  await page.getByRole('button', { name: 'Disable' }).click();
  await prove();
  await page.getByRole('button', { name: 'Enable' }).waitFor();
  await looks('somebody');
  await signOut();

  await withPassword();
  await page.getByRole('heading', { name: 'Second factor' }).waitFor();
  await looks('a second factor');
  await page.getByLabel('Authentication code').fill('000000');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('This code is wrong').waitFor();
  await page.getByRole('button', { name: 'I can’t use my app' }).click();
  await page.getByLabel('Recovery code').fill(codes[3]!);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'Wrong codes were entered for you' }).waitFor();
  await looks('wrong codes');
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await signOut();

  await looks('sign in');
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByRole('button', { name: 'Menu of anna' }).waitFor();
  await signOut();
  await withPassword();
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await page.getByRole('button', { name: 'Menu of anna' }).waitFor();
  t.strictSame(complaints, []);
});
