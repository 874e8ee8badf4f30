import { join } from 'node:path';
import t from 'tap';
import { faults, openBrowser, openDesk, tooWide } from '../../support/web/browser.js';
import { openFurnished } from '../../support/web/furnished.js';

const opened = await openBrowser(t);
const UPLOAD = join(import.meta.dirname, '../../../prompts/de/announce.wav');

t.setTimeout(240_000);

/** As much of a page's audio element as this test uses: there are no types of pages here. */
type Audible = {
  duration: number;
  play(): Promise<void>;
  addEventListener(what: string, done: () => void): void;
};

t.test('a prompt is uploaded, listened to and then used, and the law is looked up', async (t) => {
  const house = await openFurnished(t, opened);
  const { page, complaints } = await openDesk(t, opened, house, { path: '/telling', width: 360 });
  await page.getByText('Information, not legal advice.').first().waitFor();
  await page.getByLabel('Language').selectOption('German');
  await page.getByText('Dieses Gespräch wird aufgezeichnet.', { exact: true }).waitFor();

  await page.getByLabel('Name', { exact: true }).fill('Studio');
  await page.getByLabel('What is said in it').fill('Ihr Gespräch wird aufgezeichnet.');
  await page.getByLabel('Audio file').setInputFiles(UPLOAD);
  await page.getByRole('button', { name: 'Upload prompt' }).click();
  await page.getByText('Uploaded. Listen to it, then use it.').waitFor();
  const { catalogue } = house.dashboard;
  t.equal(await catalogue.prompts.active('announce', 'de'), null, 'nobody hears it yet');

  const sound = page.getByLabel('Listen to: Studio');
  const length = await (
    sound as unknown as { evaluate<T>(f: (audio: Audible) => Promise<T>): Promise<T> }
  ).evaluate(
    (audio: Audible) =>
      new Promise<number>((resolve, reject) => {
        audio.addEventListener('ended', () => resolve(audio.duration));
        audio.addEventListener('error', () => reject(new Error('It cannot be played.')));
        void audio.play();
      }),
  );
  t.ok(length > 1 && length < 4, `${length} s were heard`);
  await page.getByRole('button', { name: 'Use this prompt' }).click();
  await page.getByRole('listitem').filter({ hasText: 'Studio' }).getByText('In use').waitFor();
  t.match(await catalogue.prompts.active('announce', 'de'), { name: 'Studio', addedBy: 'Anna Berg' });
  t.match(await catalogue.audit.entries({ actions: ['prompt_add', 'prompt_activate'], limit: 9 }), [
    { action: 'prompt_activate', detail: { kind: 'announce', language: 'de' } },
    { action: 'prompt_add', detail: { name: 'Studio' } },
  ]);
  t.same(await faults(page), []);
  t.equal(await tooWide(page), 0);

  await page.getByLabel('Filter places').fill('washing');
  await page.getByText('1 place', { exact: true }).waitFor();
  await page.getByText('RCW 9.73.030; RCFP (2012)').waitFor();
  t.strictSame(complaints, []);
});
