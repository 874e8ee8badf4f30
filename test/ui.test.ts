import type { Page } from 'playwright-core';
import t from 'tap';
import { faults, openBrowser, openDesk, tooWide, until } from './browser/ui.js';
import type { fakeApi } from './support/fake-api.js';

type Api = Awaited<ReturnType<typeof fakeApi>>;

const opened = await openBrowser(t);
const slider = (page: Page) => page.getByRole('slider', { name: 'Position in the recording' });
const position = async (page: Page) => Number(await slider(page).getAttribute('aria-valuenow'));

/** Each page with what has to be on it before it is looked at. */
const pages: {
  name: string;
  data?: Parameters<typeof openDesk>[2];
  go: (page: Page, api: Api) => Promise<unknown>;
}[] = [
  { name: 'sign in', data: { signedIn: false }, go: (p) => p.getByLabel('Name', { exact: true }).waitFor() },
  {
    name: 'set up with faults',
    data: { signedIn: false, setUp: true },
    go: async (p) => {
      await p.getByRole('button', { name: 'Make the account' }).click();
      await p.getByText('3 things to correct').waitFor();
    },
  },
  { name: 'no calls', data: { state: 'empty' }, go: (p) => p.getByText('No calls yet').waitFor() },
  { name: 'calls', go: (p) => p.locator('.call-row').first().waitFor() },
  {
    name: 'the recorder is down',
    data: { state: 'down' },
    go: (p) => p.getByText('The recorder is not running').waitFor(),
  },
  {
    name: 'a call with a gap',
    go: async (p, api) => {
      await p.goto(`${api.url}/calls/${api.calls[6]!.id}`);
      await slider(p).waitFor();
      await p.locator('details summary').click();
    },
  },
  {
    name: 'a call that was not recorded',
    go: async (p, api) => {
      await p.goto(`${api.url}/calls/${api.calls[7]!.id}`);
      await p.getByText('was not recorded').waitFor();
    },
  },
  {
    name: 'the menu',
    go: (p) => p.getByRole('button', { name: 'Menu of Anna Berg' }).click(),
  },
  {
    name: 'keys',
    go: async (p) => {
      await p.locator('.call-row').first().waitFor();
      await p.keyboard.press('?');
      await p.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'policy with a rule open',
    go: async (p, api) => {
      await p.goto(`${api.url}/policy`);
      await p.getByRole('button', { name: 'Add a record rule' }).click();
      await p.getByRole('button', { name: 'Done' }).click();
      await p.getByText('1 thing to correct').waitFor();
    },
  },
  {
    name: 'retention with its breaker tripped',
    data: { state: 'breaker' },
    go: async (p, api) => {
      await p.goto(`${api.url}/retention`);
      await p.getByText('The breaker stops the nightly run').waitFor();
    },
  },
  {
    name: 'erasing by hand',
    data: { state: 'breaker' },
    go: async (p, api) => {
      await p.goto(`${api.url}/retention`);
      await p.getByRole('button', { name: /^Erase \d+ recordings/ }).click();
      await p.getByRole('dialog').waitFor();
    },
  },
];

t.test('every page is accessible and fits, light and dark, wide and narrow', async (t) => {
  t.jobs = 4;
  for (const { name, data, go } of pages)
    for (const width of [360, 1280])
      for (const theme of ['light', 'dark'] as const)
        t.test(`${name}, ${theme}, ${width} px`, { buffered: true }, async (t) => {
          const { page, api, complaints } = await openDesk(t, opened, data, { width, theme });
          await go(page, api);
          t.strictSame(await faults(page), []);
          t.equal(await tooWide(page), 0, 'nothing sticks out');
          t.strictSame(complaints, []);
        });
});

t.test('a call is found, opened, played, moved in and sped up with keys alone', async (t) => {
  const { page, complaints } = await openDesk(t, opened, { state: 'year' });
  await page.locator('.call-row').first().waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('whitfield');
  await page.waitForURL(/q=whitfield/);
  await until(
    page,
    "[...document.querySelectorAll('.row-name')].every((n) => /Whitfield/.test(n.textContent))",
  );
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.waitForURL(/calls\/.*q=whitfield/);
  await slider(page).waitFor();
  await page.keyboard.press(' ');
  await until(page, "document.querySelector('audio').currentTime > 0.2");
  await page.keyboard.press('l');
  await until(page, "document.querySelector('audio').currentTime > 14");
  await page.keyboard.press('k');
  await until(page, "document.querySelector('audio').paused");
  const before = await position(page);
  await page.keyboard.press('ArrowLeft');
  t.equal(await position(page), before - 5);
  await slider(page).focus();
  await page.keyboard.press('ArrowRight');
  t.equal(await position(page), before);
  await page.keyboard.press('Home');
  t.equal(await slider(page).getAttribute('aria-valuetext'), '0 seconds of 30 seconds');
  await page.keyboard.press(']');
  t.equal(await page.evaluate("document.querySelector('audio').playbackRate"), 1.25);
  t.strictSame(complaints, []);
});

t.test('the player goes on while other pages are opened', async (t) => {
  const { page, api } = await openDesk(t, opened);
  await page.goto(`${api.url}/calls/${api.calls[4]!.id}`);
  await page.getByRole('button', { name: 'Play', exact: true }).first().click();
  await until(page, "document.querySelector('audio').currentTime > 0.1");
  await page.getByRole('link', { name: 'Policy' }).click();
  await page.getByRole('heading', { name: 'Policy' }).waitFor();
  const at = Number(await page.evaluate("document.querySelector('audio').currentTime"));
  await until(page, `document.querySelector('audio').currentTime > ${at + 0.2}`);
  t.ok(await slider(page).isVisible());
});

t.test('the playhead is dragged with the mouse', async (t) => {
  const { page, api } = await openDesk(t, opened);
  await page.goto(`${api.url}/calls/${api.calls[2]!.id}`);
  const box = await slider(page).boundingBox();
  await page.mouse.move(box!.x + 10, box!.y + 20);
  await page.mouse.down();
  await page.mouse.move(box!.x + box!.width / 2, box!.y + 20, { steps: 4 });
  await page.mouse.up();
  t.equal(await position(page), 15);
  await page.keyboard.press('k');
  await until(page, "document.querySelector('audio').currentTime > 15.1");
});

t.test('names from the PBX are shown and never run', async (t) => {
  const { page, api, complaints } = await openDesk(t, opened, { state: 'hostile' }, { width: 360 });
  await page.locator('.call-row').first().waitFor();
  for (const call of api.calls.filter((_, i) => i < 9)) {
    await page.goto(`${api.url}/calls/${call.id}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    t.equal(await tooWide(page), 0);
  }
  t.equal(await page.evaluate('window.pwned'), undefined);
  t.strictSame(complaints, []);
  await page.goto(api.url);
  await page.locator('.call-row').first().waitFor();
  t.equal(
    await page.evaluate(
      "/[\\u0000-\\u001f\\u202a-\\u202e\\u2066-\\u2069]/.test(document.querySelector('.calls-list').textContent)",
    ),
    false,
  );
  t.equal(
    await page.evaluate(
      "Math.max(...[...document.querySelectorAll('.call-row')].map((r) => r.offsetHeight))",
    ),
    42,
  );
});

t.test('a new call appears without moving the line that is being read', async (t) => {
  const { page, api } = await openDesk(t, opened, { state: 'year' });
  await page.locator('.call-row').first().waitFor();
  await page.evaluate("document.querySelector('.calls-list').scrollTop = 600");
  const id = `#row-${api.calls[20]!.id}`;
  const before = await page.locator(id).boundingBox();
  const copy = {
    ...api.calls[2]!,
    id: `7${api.calls[0]!.id.slice(1)}`,
    started_at: new Date().toISOString(),
  };
  api.change(() => api.calls.unshift(copy));
  await page.locator(`#row-${copy.id}`).waitFor({ state: 'attached' });
  const after = await page.locator(id).boundingBox();
  t.ok(Math.abs(after!.y - before!.y) <= 1, `${before!.y} -> ${after!.y}`);
});

t.test('a recording that was being made can be played once it is there, without a reload', async (t) => {
  const { page, api } = await openDesk(t, opened);
  const making = api.calls[1]!;
  await page.goto(`${api.url}/calls/${making.id}`);
  await page.getByText('The recording is being made').waitFor();
  api.change(() =>
    Object.assign(making, { coverage: api.calls[2]!.coverage, recording: api.calls[2]!.recording }),
  );
  await page.getByRole('button', { name: 'Play', exact: true }).first().waitFor();
  t.equal(await page.getByText('The recording is being made').count(), 0);
});

t.test('a session that ends in the middle loses nothing that was typed', async (t) => {
  const { page, api } = await openDesk(t, opened);
  await page.goto(`${api.url}/policy`);
  await page.getByRole('button', { name: 'Add a retention rule' }).click();
  await page.getByLabel('Name of the rule').fill('Complaints');
  api.endSession();
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('Your session has ended').waitFor();
  await page.getByLabel('Password', { exact: true }).fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Name and password do not match.').waitFor();
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByLabel('Name of the rule').waitFor();
  t.equal(await page.getByLabel('Name of the rule').inputValue(), 'Complaints');
});

t.test('rules are moved, tried before they are saved, and kept when somebody else saved first', async (t) => {
  const { page, api } = await openDesk(t, opened);
  await page.goto(`${api.url}/policy`);
  await page.getByRole('button', { name: 'Move “Internal calls” up' }).focus();
  await page.keyboard.press('Enter');
  t.equal(await page.locator('.rule h3').first().textContent(), 'Internal calls');
  await page.getByRole('button', { name: 'Delete “Internal calls”' }).click();
  await page.getByLabel('Direction').selectOption('internal');
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('It would be recorded').waitFor();
  api.somebodyElseSaves();
  await page.getByRole('button', { name: 'Save the policy' }).click();
  await page.getByText('Somebody else changed the policy while you were editing.').waitFor();
  await page.getByRole('button', { name: 'Save mine over theirs' }).click();
  await page.getByText('Saved as version 6').waitFor();
  t.equal(await page.locator('.rule h3').first().textContent(), 'Works council');
});

t.test('erasing asks for the word of the breaker and says what went', async (t) => {
  const { page, api } = await openDesk(t, opened, { state: 'breaker' });
  await page.goto(`${api.url}/retention`);
  await page.getByRole('button', { name: /^Erase \d+ recordings/ }).click();
  const word = /“(erase-(\d+)-a1b2c3)”/.exec((await page.getByRole('dialog').textContent()) ?? '');
  await page.getByLabel(/To pass the breaker/).fill('erase');
  await page.getByRole('button', { name: /for good/ }).click();
  await page.getByText(/Type the word .* exactly/).waitFor();
  await page.getByLabel(/To pass the breaker/).fill(word![1]!);
  await page.getByRole('button', { name: /for good/ }).click();
  await page.getByText(`${word![2]} erased.`).first().waitFor();
  t.match(await page.locator('.answer').textContent(), /Nothing is due today/);
});
