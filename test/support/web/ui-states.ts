import type { Test } from 'tap';
import { type House, type Kind, liveOf, openFurnished } from './furnished.js';
import { INVITATION } from './furnished-people.js';
import { troubledWith, wellWith } from './recorder-peer.js';
import { keepingStates } from './states/keeping.js';
import { reportStates } from './states/reports.js';
import { type Condition, press, says, shows, state, type UiState } from './states/state.js';
import { upgradeState } from './states/upgrade.js';

export { type UiState, unexpected } from './states/state.js';

/** What a test has done itself stands in the log too, after these. */
const untilYesterday = ({ now }: House) =>
  `/audit?to=${new Date(now - 86_400_000).toISOString().slice(0, 10)}`;
const noisy = ({ office }: House) => `/calls/${office.noisy.id}`;
const aboutALongTime = ({ now }: House) =>
  `/coverage?from=${new Date(now - 700 * 86_400_000).toISOString().slice(0, 10)}`;

/** The states of the pages that tests look at. */
export const uiStates: readonly UiState[] = [
  ...keepingStates,
  state('sign in', '/', (p) => p.getByLabel('Name', { exact: true }).waitFor(), { as: null }),
  state(
    'set up with faults',
    '/',
    async (p) => {
      await press(p, 'Create account');
      await says('3 problems to correct')(p);
    },
    { house: 'new', as: null },
  ),
  state('no calls', '/', says('No calls yet'), { house: 'empty' }),
  state('calls', '/', shows('.call-row')),
  upgradeState('the catalogue is being upgraded', { phase: 'migrate', percent: 63, waits: false }),
  upgradeState('an upgrade that has failed', { phase: 'copy', percent: 5, waits: true }),
  state('the recorder is down', '/', says('The recorder is not running'), { recorder: 'down' }),
  state(
    'a call with a gap',
    ({ office }) => `/calls/${office.partial.id}`,
    async (p) => {
      await p.getByRole('slider', { name: 'Position in the recording' }).waitFor();
      await p.locator('.details:not(.told-why) summary').click();
    },
  ),
  state('a call that was not recorded', ({ office }) => `/calls/${office.full.id}`, says('but not recorded')),
  state('a call in progress', ({ office }) => `/calls/${office.live.id}`, shows('.call-controls')),
  state('the menu', '/', (p) => press(p, 'Menu of Anna Berg'), { within: 'header' }),
  state('keys', '/', async (p) => {
    await shows('.call-row')(p);
    await p.keyboard.press('?');
    await p.getByRole('dialog').waitFor();
  }),
  state('policy with a rule open', '/policy', async (p) => {
    await press(p, 'Add a record rule');
    await press(p, 'Done');
    await says('1 problem to correct')(p);
  }),
  state('policy compared with an earlier version', '/policy', async (p) => {
    await p.getByText('Compare versions').click();
    await says('is new')(p);
  }),
  state('policy beside the last 30 days', '/policy', async (p) => {
    await press(p, 'Check against the last 30 days');
    await says('Nothing would have changed')(p);
  }),
  state('policy of nobody', '/policy', says('Start from a preset'), { house: 'empty' }),
  state('number lists', '/lists', says('2 lists with 3 numbers.')),
  state('number lists of nothing', '/lists', says('No lists yet.'), { house: 'empty' }),
  state('number lists, hostile', '/lists', says('Do not record'), { house: 'hostile' }),
  state('number lists that an auditor reads', '/lists', says('Only admins can change them.'), { as: 'eve' }),
  state('a number list', '/lists/VIP', says('No end')),
  state('an empty number list', '/lists/Do%20not%20record', says('No numbers on this list.')),
  state('a number list that is not there', '/lists/Nothing', says('There is no list of numbers')),
  state('consents and objections', '/consents', says('4 consents and objections.')),
  state('consents of nothing', '/consents', says('No consents or objections yet.'), { house: 'empty' }),
  state('consents, hostile', '/consents', says('4 consents and objections.'), { house: 'hostile' }),
  state('consents that an auditor reads', '/consents', says('Only admins can change them.'), { as: 'eve' }),
  state('a consent to be entered', '/consents', (p) => press(p, 'Enter a consent or objection')),
  state('health', '/health', says('All is well')),
  state('health of nothing', '/health', says('No calls in progress.'), { house: 'empty' }),
  state('health, trouble', '/health', shows('.answer'), { recorder: 'trouble' }),
  state('health, hostile', '/health', shows('.answer'), { house: 'hostile' }),
  state('coverage with exceptions', '/coverage', (p) => p.locator('.coverage-cdrs summary').first().click()),
  state('coverage of a year', aboutALongTime, says('How this figure is calculated'), { house: 'year' }),
  state(
    'coverage with hostile names',
    '/coverage?status=all',
    (p) => p.locator('.coverage-cdrs summary').first().click(),
    { house: 'hostile' },
  ),
  state('coverage without a call or a witness', '/coverage', says('Asterisk has sent no CDRs'), {
    house: 'empty',
  }),
  state('consent with exceptions', '/consent-report', says('How this report is made')),
  state('consent of every call', '/consent-report?show=all', says('How this report is made')),
  state('consent with hostile names', '/consent-report?show=all', says('How this report is made'), {
    house: 'hostile',
  }),
  state('consent without a call', '/consent-report', says('Tapedeck has no data for this period'), {
    house: 'empty',
  }),
  ...reportStates,
  ...(['long', 'outgoing', 'yamamoto', 'full', 'erased'] as const).map((name) =>
    state(
      `how people were told, ${name}`,
      ({ office }) => `/calls/${office[name].id}`,
      (p) => p.locator('.told summary').click(),
    ),
  ),
  state(
    'how people were told, with hostile names',
    ({ calls }) => `/calls/${calls.find(({ recording }) => recording)!.id}`,
    (p) => p.locator('.told summary').click(),
    { house: 'hostile' },
  ),
  state('telling callers', '/telling', says('Included with Tapedeck')),
  state('telling callers, by Tapedeck', '/telling', async (p) => {
    await p.getByRole('radio', { name: 'Tapedeck tells people' }).check();
    await press(p, 'Add a place');
    await press(p, 'Done');
    await says('2 problems to correct')(p);
  }),
  state('telling callers, by language', '/telling', async (p) => {
    await p.getByRole('radio', { name: 'Tapedeck tells people' }).check();
    await p.getByLabel('Key to refuse', { exact: true }).selectOption('1');
    await press(p, 'Add a language');
    await press(p, 'Done');
    await says('1 problem to correct')(p);
  }),
  state('telling callers, for an auditor', '/telling', says('Only admins can change'), { as: 'eve' }),
  state('what would happen is still open', '/policy', async (p) => {
    const tried = p.getByRole('region', { name: 'What would happen' });
    await tried.getByRole('checkbox', { name: 'Our extension' }).check();
    await tried.getByRole('button', { name: 'Try it' }).click();
    await says('Not decided until the extension is known.')(p);
  }),
  state('quality', '/quality', says('Extension 112: noisy in 3 of 5 calls.')),
  state('quality of nothing', '/quality', says('No recordings in this period.'), { house: 'empty' }),
  state(
    'a call with faults, in a list of one phone',
    ({ office }) => `/calls/${office.noisy.id}?quality=noisy&of=extension:112`,
    async (p) => {
      await p.locator('.details:not(.told-why) summary').click();
      await says('Them: noisy')(p);
      await says('the other side repeats 180 ms later, 22 dB quieter')(p);
    },
  ),
  ...(
    [
      ['office', 'well'],
      ['hostile', 'well'],
      ['office', 'trouble'],
    ] as const
  ).map(([house, recorder]) =>
    state(
      `audit log, ${house}, ${recorder}`,
      untilYesterday,
      async (p) => {
        await shows('.audit-list')(p);
        await shows('.audit .answer')(p);
      },
      { house, recorder },
    ),
  ),
  // The real log has an entry from its beginning on.
  state('audit log without an entry', '/', async (p) => {
    const empty = { json: { entries: [], next: null } };
    await p.route(/\/api\/v1\/audit(\?|$)/, (route) => route.fulfill(empty));
    await p.goto(new URL('/audit', p.url()).href);
    await says('The log is empty')(p);
  }),
  state(
    'a call as an admin sees it',
    ({ office }) => `/calls/${office.noisy.id}`,
    says('can’t listen to it'),
    { as: 'gita' },
  ),
  state(
    'a call as a reviewer sees it',
    ({ office }) => `/calls/${office.long.id}`,
    says('The rest is silent for you.'),
    { as: 'carla' },
  ),
  state(
    'a call as an agent sees it',
    ({ office }) => `/calls/${office.partial.id}`,
    says('The rest is silent for you.'),
    { as: 'ira' },
  ),
  state(
    'an auditor is asked why',
    ({ office }) => `/calls/${office.noisy.id}`,
    async (p) => {
      await press(p, 'Play', true);
      await press(p, 'Listen');
      await says('Enter a reason.')(p);
    },
    { as: 'eve' },
  ),
  state('nothing is given yet', '/', says('You don’t have access to any calls yet'), { as: 'noor' }),
  state('a page that is not for an agent', '/policy', says('You don’t have access to this page'), {
    as: 'ira',
  }),
  state('rules that an auditor reads', '/policy', says('Only admins can change them.'), { as: 'eve' }),
  state('people', '/people', says('7 people can sign in; 2 are admins.')),
  state('people, for an auditor, with hostile names', '/people', says('Only an admin can change them'), {
    ...{ house: 'hostile', as: 'eve' },
  }),
  state(
    'somebody, for an auditor',
    '/people',
    async (p) => {
      await p.getByRole('link', { name: 'Carla Reyes' }).click();
      await says('Carla Reyes can see and listen to')(p);
    },
    { as: 'eve' },
  ),
  state('somebody, with a scope', '/people/carla', says('Unknown program')),
  state(
    'somebody new, with faults',
    '/people/new',
    async (p) => {
      await p.getByLabel('Reviewer', { exact: true }).check();
      await p.getByLabel('Agent', { exact: true }).check();
      await press(p, 'Add person');
      await says('3 problems to correct')(p);
    },
    { house: 'empty' },
  ),
  state('a link for somebody', '/people/ben', async (p) => {
    await press(p, 'Create password link');
    await says('It works once')(p);
  }),
  state('removing somebody', '/people/finn', async (p) => {
    await press(p, 'Remove');
    await p.getByRole('dialog').waitFor();
  }),
  state('account', '/account', async (p) => {
    await says('Safari on iPhone')(p);
    await p.getByRole('button', { name: 'Revoke Monitoring' }).waitFor();
  }),
  state(
    'account with faults and a new token',
    '/account',
    async (p) => {
      await press(p, 'Create token');
      await p.getByLabel('Purpose').fill('Backup');
      await p.getByLabel('List calls').check();
      await press(p, 'Create this token');
      await says('It is shown only now')(p);
      await p.getByLabel('New password').fill('four unrelated');
      await press(p, 'Change password');
      await says('1 problem to correct')(p);
    },
    { house: 'empty' },
  ),
  state(
    'choosing a password by a link',
    `/welcome#${INVITATION}`,
    async (p) => {
      await says('Welcome, Dan Wolff.')(p);
      await p.getByLabel('Password', { exact: true }).fill('dan wolff dan wolff');
      await says('Contains the name')(p);
    },
    { as: null },
  ),
  state('evidence pack', noisy, async (p) => {
    await press(p, 'Evidence pack');
    await p.getByRole('dialog').waitFor();
  }),
  state('redaction', noisy, async (p) => {
    await press(p, 'Redact');
    await p.getByLabel('To', { exact: true }).fill('0:01');
  }),
  state('redaction of several stretches', noisy, async (p) => {
    await press(p, 'Redact');
    await p.getByRole('slider', { name: 'End of the stretch' }).press('Shift+ArrowRight');
    await press(p, 'Add a stretch');
    await p.getByRole('slider', { name: 'End of stretch 2' }).press('End');
    await press(p, 'Redact recording');
    await says('Enter a reason.')(p);
  }),
];

/** Brings the recorder beside a house into this condition. */
export async function bring({ recorder, calls }: House, condition: Condition): Promise<void> {
  await recorder.stop();
  const live = liveOf(calls);
  recorder.says(condition === 'trouble' ? troubledWith(live) : wellWith(live));
  if (condition !== 'down') await recorder.start();
}

/**
 * Looks at every state, each in a test of its own. Those that share a house and how its recorder is are looked at beside
 * each other, as many as `jobs` at once.
 */
export async function inEachState(
  t: Test,
  opened: { uiDir: string },
  look: (t: Test, house: House, state: UiState) => Promise<void>,
  { jobs = 4 } = {},
): Promise<void> {
  const houses = new Map<Kind, House>();
  const placeOf = ({ house, recorder }: UiState) => `${house}, recorder ${recorder}`;
  for (const place of new Set(uiStates.map(placeOf)))
    await t.test(place, { jobs }, async (beside) => {
      const states = uiStates.filter((state) => placeOf(state) === place);
      const [{ house: kind, recorder }] = states as [UiState];
      const house = houses.get(kind) ?? (await openFurnished(t, opened, kind));
      houses.set(kind, house);
      await bring(house, recorder);
      for (const state of states) beside.test(state.name, { buffered: true }, (t) => look(t, house, state));
    });
}
