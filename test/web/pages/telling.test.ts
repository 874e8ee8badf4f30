import { join } from 'node:path';
import t from 'tap';
import { faults, openBrowser, openDesk, tooWide } from '../../support/web/browser.js';
import { openFurnished } from '../../support/web/furnished.js';

const opened = await openBrowser(t);
const UPLOAD = join(import.meta.dirname, '../../../prompts/de/announce.wav');

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
  await page.getByText('RCW 9.73.030').waitFor();
  await page.getByRole('cell', { name: 'Told: Yes, in the recording' }).waitFor();
  await page.getByLabel('Filter places').fill('united kingdom');
  await page.getByRole('cell', { name: 'Who and why: Yes' }).waitFor();
  t.equal(await tooWide(page), 0);
  t.strictSame(complaints, []);
});

t.test('an announcement that says who and why is made from words, heard, saved and used', async (t) => {
  const house = await openFurnished(t, opened);
  const { catalogue } = house.dashboard;
  const { version, policy } = await catalogue.policy.newest();
  await catalogue.policy.save({ ...policy, telling: { mode: 'announce' } }, 'ada', 1, version);
  const { page, complaints } = await openDesk(t, opened, house, { path: '/telling', width: 360 });
  const warning = page.getByText('Does not say who records and what for');
  await warning.waitFor();
  await page.getByText('Fill in what is in brackets.', { exact: true }).waitFor();
  t.equal(await page.getByRole('button', { name: 'Save prompt' }).isDisabled(), true);
  await page.getByLabel('Sentence').fill('This call to Harbour Joinery is recorded for training.');
  await page.getByRole('button', { name: 'Listen', exact: true }).click();
  await page.getByLabel('Your sentence, spoken').waitFor();
  await page.getByLabel('It says who records, and what for').first().check();
  t.same(await faults(page), []);
  t.equal(await tooWide(page), 0);
  await page.getByRole('button', { name: 'Save prompt' }).click();
  await page.getByText('Saved. It is in the list above: use it there.').waitFor();
  await warning.waitFor();
  await page.getByRole('button', { name: 'Use this prompt' }).click();
  await warning.waitFor({ state: 'detached' });
  t.match(await catalogue.prompts.active('announce', 'en'), {
    ...{ text: 'This call to Harbour Joinery is recorded for training.', saysPurpose: true },
  });
  t.strictSame(complaints, []);
});

t.test(
  'an admin has Tapedeck tell people, in which way and languages, and has others tell them again',
  async (t) => {
    const house = await openFurnished(t, opened, 'empty');
    const { page, complaints } = await openDesk(t, opened, house, { path: '/telling' });
    const { catalogue } = house.dashboard;
    await page.getByText('Tapedeck tells nobody that calls are recorded').waitFor();
    t.equal(await page.getByLabel('How people are told where no rule asks for more').count(), 0);

    await page.getByRole('radio', { name: 'Tapedeck tells people' }).check();
    await page.getByLabel('How people are told where no rule asks for more').selectOption('announce_refusal');
    await page.getByLabel('State or province').fill('w!');
    await page.getByText('Enter up to three letters or digits').waitFor();
    t.equal(await page.getByRole('button', { name: 'Save the policy' }).isDisabled(), true);
    await page.getByLabel('State or province').fill('sct');
    await page.getByLabel('Key to refuse', { exact: true }).selectOption('1');
    await page.getByText('Choose two different keys').waitFor();
    await page.getByLabel('Key to refuse', { exact: true }).selectOption('*');
    await page.getByLabel('Seconds between two tones').fill('4');
    await page.getByText('Enter a whole number from 5 to 60.').waitFor();
    await page.getByLabel('Seconds between two tones').fill('10');
    await page.getByLabel('Default language').selectOption('French');

    await page.getByRole('button', { name: 'Add a language' }).click();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('Enter at least one condition.').first().waitFor();
    await page.getByLabel('Country of their number').fill('mx');
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('For calls with a number from Mexico.').waitFor();

    await page.getByRole('button', { name: 'Add a place' }).click();
    await page.getByLabel('Place', { exact: true }).fill('de');
    await page.getByText('Germany', { exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('Say why, and on whose advice.').first().waitFor();
    await page.getByLabel('Note', { exact: true }).fill('Our counsel, 3 March 2026.');
    await page.getByRole('button', { name: 'Done' }).click();
    t.same(await faults(page), []);
    t.equal(await tooWide(page), 0);
    await page.getByRole('button', { name: 'Save the policy' }).click();
    await page.getByText('Tapedeck tells people that calls are recorded, by default').waitFor();
    t.same((await catalogue.policy.newest()).policy.telling, {
      ...{ mode: 'announce_refusal', subdivision: 'SCT', refuse_key: '*', beep_seconds: 10, language: 'fr' },
      languages: [{ when: { region: ['MX'] }, language: 'es' }],
      overrides: [{ id: 'DE', least: 'announce', note: 'Our counsel, 3 March 2026.' }],
    });

    await page.getByRole('radio', { name: 'People are told in another way' }).check();
    await page.getByRole('button', { name: 'Save the policy' }).click();
    await page.getByText('Tapedeck tells nobody that calls are recorded').waitFor();
    t.equal((await catalogue.policy.newest()).policy.telling, undefined);
    t.strictSame(complaints, []);
  },
);
