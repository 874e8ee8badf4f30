import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { openBrowser, openDesk } from '../../support/web/browser.js';
import { type House, openFurnished } from '../../support/web/furnished.js';
import { inPseudo, outsideBrackets, pseudoBrowser } from '../../support/web/pseudo-page.js';

const opened = await openBrowser(t);
const pseudo = { ...opened, browser: pseudoBrowser(opened.browser) };

/** Every page in each of its states is looked at in states.test.ts. */
const none = async (t: Test, page: Page, what = 'all of it is messages and data') =>
  t.strictSame(await outsideBrackets(page), [], what);

t.test('the API reference with a request open shows messages and data, and nothing else', async (t) => {
  const house = await openFurnished(t, opened, 'empty');
  const { page } = await openDesk(t, pseudo, house, { path: '/api-reference' });
  await page.getByText('Calls, newest first').click();
  await page.getByText('Cursor: calls older than the call with this id.').waitFor();
  await none(t, page);
});

/** A page of the coverage on which the server answers this. */
async function refusedWith(t: Test, house: House, answer: { status: number; body: string } | 'nothing') {
  const { page } = await openDesk(t, pseudo, house);
  await page.route(/\/api\/v1\/coverage\b/, (route) =>
    answer === 'nothing' ? route.abort() : route.fulfill({ contentType: 'application/json', ...answer }),
  );
  await page.goto(`${house.url}/coverage`);
  await page.locator('.note-alarm').waitFor();
  return page;
}

t.test('errors are messages too', async (t) => {
  const house = await openFurnished(t, opened, 'empty');
  const error = (code: string) =>
    JSON.stringify({
      error: { code, message: 'In English.', hint: 'Do it.', detail: 'The detail.', request_id: '01J0' },
    });
  await t.test('one that the page knows is worded by its code', async (t) => {
    const page = await refusedWith(t, house, { status: 503, body: error('disk_full') });
    await inPseudo(page).getByText('The disk is full.').waitFor();
    t.equal(await page.getByText('In English.').count(), 0);
    await page.getByText('The detail.').waitFor();
    await none(t, page);
  });
  await t.test('one that it does not know is said as the server words it', async (t) => {
    const page = await refusedWith(t, house, { status: 503, body: error('of_a_newer_version') });
    await page.getByText('In English.').waitFor();
    await none(t, page);
  });
  await t.test('so are an answer that cannot be read, and none', async (t) => {
    await none(t, await refusedWith(t, house, { status: 502, body: 'Bad gateway' }));
    await none(t, await refusedWith(t, house, 'nothing'));
  });
  await t.test('a wrong password', async (t) => {
    const { page } = await openDesk(t, pseudo, house, { as: null });
    const form = inPseudo(page);
    await form.getByLabel('Name', { exact: true }).fill('Anna Berg');
    await form.getByLabel('Password', { exact: true }).fill('not the right one');
    await form.getByRole('button', { name: 'Sign in', exact: true }).click();
    await form.getByText('Name and password do not match.').waitFor();
    await none(t, page);
  });
});

t.test('what is no message is found', async (t) => {
  const house = await openFurnished(t, opened, 'new');
  const { page } = await openDesk(t, pseudo, house, { as: null });
  await inPseudo(page).getByText('Set up Tapedeck').first().waitFor();
  await none(t, page);
  for (const [html, what] of [
    ['<p>Calls</p>', 'text of p: Calls'],
    ['<p>⟦Ñö⟧ calls</p>', 'text of p: ⟦Ñö⟧ calls'],
    ['<p>⟦Ţĥé <b>calls</b></p>', 'end of p: ⟦Ţĥé calls'],
    ['<p>calls⟧</p>', 'text of p: calls⟧'],
    ['<button title="Play"></button>', 'title of button: Play'],
    ['<input placeholder="Search" data-said="title" />', 'placeholder of input: Search'],
    ['<img alt="A picture" />', 'alt of img: A picture'],
    ['<select><option label="In"></option></select>', 'label of option: In'],
    ['<div role="slider" aria-valuetext="3 seconds"></div>', 'aria-valuetext of div: 3 seconds'],
    ['<p translate="no">⟦Ñö⟧</p>', 'message in what is marked as data of p: ⟦Ñö⟧'],
  ] as const) {
    await page.evaluate(`document.body.insertAdjacentHTML('beforeend', '<div id="put">${html}</div>')`);
    t.strictSame(await outsideBrackets(page), [what], html);
    await page.evaluate(`document.getElementById('put').remove()`);
  }
  for (const html of [
    '<p>⟦Çáłłš <b>ŵíţĥ</b> <bdi translate="no">Anna</bdi>⟧ 3:07</p>',
    '<p title="Anna" data-said="title">⟦Šĥé⟧</p>',
    '<bdi title="020 7946 0144" translate="no">Anna</bdi>',
  ]) {
    await page.evaluate(`document.body.insertAdjacentHTML('beforeend', '<div id="put">${html}</div>')`);
    await none(t, page, html);
    await page.evaluate(`document.getElementById('put').remove()`);
  }
});

/** The sign-in page of a browser that asks for these languages, and what was fetched of messages. */
async function signInPage(t: Test, house: House, locale: string, kept?: string) {
  const context = await opened.browser.newContext({ locale });
  t.teardown(() => context.close());
  if (kept !== undefined) await context.addInitScript(`localStorage.setItem('tapedeck.language', '${kept}')`);
  const page = await context.newPage();
  const fetched: string[] = [];
  page.on('request', (request) => {
    const name = /assets\/(messages|pseudo)-/.exec(request.url())?.[1];
    if (name !== undefined) fetched.push(name);
  });
  await page.goto(house.url);
  await page.locator('#password').waitFor();
  const heading = await page.locator('h1').textContent();
  return { page, fetched, heading, lang: await page.evaluate('document.documentElement.lang') };
}

t.test('a language is chosen, and only its messages are fetched', async (t) => {
  const house = await openFurnished(t, opened, 'empty');
  await t.test('the one that the browser asks for', async (t) => {
    const { heading, lang, fetched } = await signInPage(t, house, 'en-US');
    t.same([heading, lang, fetched], ['Sign in', 'en', ['messages']]);
  });
  await t.test('English for a browser that asks for none that there is', async (t) => {
    const { heading, lang, fetched } = await signInPage(t, house, 'cy-GB');
    t.same([heading, lang, fetched], ['Sign in', 'en', ['messages']]);
  });
  await t.test('English where what is kept is no language', async (t) => {
    for (const kept of ['xx', 'constructor', '__proto__']) {
      const { heading, lang } = await signInPage(t, house, 'en-GB', kept);
      t.same([heading, lang], ['Sign in', 'en'], kept);
    }
  });
  await t.test('the pseudo-language for nobody who has not chosen it', async (t) => {
    const { lang } = await signInPage(t, house, 'en-XA');
    t.equal(lang, 'en');
    const chosen = await signInPage(t, house, 'en-GB', 'en-XA');
    t.same([chosen.heading, chosen.lang], ['⟦Šíğñ íñ ···⟧', 'en-XA']);
    t.same(chosen.fetched.sort(), ['messages', 'pseudo']);
  });
  await t.test('English when another cannot be had, and a sentence when it cannot either', async (t) => {
    for (const [away, shown] of [
      [/assets\/pseudo-/, 'Sign in'],
      [/assets\/messages-/, 'Tapedeck could not be loaded. Reload the page.'],
    ] as const) {
      const context = await opened.browser.newContext();
      t.teardown(() => context.close());
      await context.addInitScript(`localStorage.setItem('tapedeck.language', 'en-XA')`);
      await context.route(away, (route) => route.abort());
      const page = await context.newPage();
      await page.goto(house.url);
      await page.getByText(shown).first().waitFor();
      t.pass(shown);
    }
  });
});
