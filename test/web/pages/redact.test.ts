import t from 'tap';
import {
  faults,
  openBrowser,
  openDesk,
  shows,
  tooWide,
  until as untilTrue,
} from '../../support/web/browser.js';
import { openFurnished } from '../../support/web/furnished.js';

const opened = await openBrowser(t);

t.test('stretches to redact are dragged, moved by keys, typed and listened to', async (t) => {
  const house = await openFurnished(t, opened);
  const { page, complaints } = await openDesk(t, opened, house, {
    path: `/calls/${house.office.noisy.id}`,
    width: 360,
  });
  await page.getByRole('button', { name: 'Redact…' }).click();
  const dialog = page.getByRole('dialog');
  const [from, until] = ['From', 'To'].map((name) => dialog.getByLabel(name, { exact: true }));
  const track = dialog.locator('.picker-track');
  const drag = async (a: number, b: number) => {
    await track.scrollIntoViewIfNeeded();
    const box = (await track.boundingBox())!;
    await page.mouse.move(box.x + a * box.width, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + b * box.width, box.y + 20, { steps: 5 });
    await page.mouse.up();
  };
  await drag(0.75, 0.25);
  const dragged = [await from!.inputValue(), await until!.inputValue()];
  t.match(dragged[0], /^0:\d\d(\.\d)?$/);
  t.not(dragged[0], '0:00', 'where the drag ended, not where the player is');

  const start = dialog.getByRole('slider', { name: 'Start of the stretch' });
  const end = dialog.getByRole('slider', { name: 'End of the stretch' });
  await start.press('Home');
  await shows(t, () => from!.inputValue(), '0:00');
  await start.press('Shift+ArrowRight');
  await start.press('ArrowRight');
  await start.press('ArrowRight');
  await start.press('ArrowLeft');
  await shows(t, () => from!.inputValue(), '0:01.1');
  await shows(t, () => start.getAttribute('aria-valuetext'), '1.1 seconds');
  await until!.fill('0:02.25');
  await end.press('ArrowLeft');
  await shows(t, () => until!.inputValue(), '0:02.15', 'a typed time is moved, not rounded');
  await end.press('Shift+ArrowLeft');
  await end.press('Shift+ArrowLeft');
  await shows(t, () => until!.inputValue(), '0:01.2', 'no end passes the other');
  await until!.fill('0:02');

  await dialog.getByLabel('Side').selectOption('Them (left)');
  await dialog.locator('.picked-them').waitFor({ state: 'attached' });
  // Both ends are noted as they happen: the stretch is over in less than a second.
  await page.evaluate(`window.heard = []; for (const event of ['playing', 'pause'])
    document.querySelector('audio').addEventListener(event, (e) => window.heard.push(e.target.currentTime))`);
  await dialog.getByRole('button', { name: 'Listen to it' }).click();
  await untilTrue(page, "window.heard.length > 1 && document.querySelector('audio').paused");
  const all = (await page.evaluate('window.heard')) as number[];
  const places = [all[0]!, all.at(-1)!] as const;
  // A busy browser hears of both late: the recording has 40 s.
  t.ok(
    places[0] >= 1 && places[0] < 5 && places[1] >= 1.9 && places[1] < 5,
    `heard from ${places.join(' to ')} s`,
  );

  await dialog.getByRole('button', { name: 'Add a stretch' }).click();
  await dialog.getByText('Stretch 2 of 2').waitFor();
  // The dialog scrolls to its first field.
  await untilTrue(page, "document.activeElement.id === 'redact-1-from'");
  await drag(0.8, 0.9);
  t.equal(await from!.first().inputValue(), '0:01.1', 'a drag sets the stretch that was added');
  await shows(t, () => dialog.getByRole('slider').count(), 4);
  t.same(await faults(page), []);
  t.equal(await tooWide(page), 0);
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/redact.png`, fullPage: true });
  await dialog.getByLabel('Reason').fill('card number');
  const asked = page.waitForRequest(/\/redact$/);
  await dialog.getByRole('button', { name: 'Redact recording' }).click();
  const { stretches } = (await asked).postDataJSON() as { stretches: { from_ms: number }[] };
  t.match(stretches, [
    { side: 'them', from_ms: 1_100, until_ms: 2_000 },
    { side: 'both', from_ms: Number },
  ]);
  t.ok(stretches[1]!.from_ms > 2_000);
  t.strictSame(complaints, []);
});
