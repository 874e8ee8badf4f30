import { press, says, state, type UiState } from './state.js';

/** The pages of retention, legal holds, approvals and requests, in states that tests look at. */
export const keepingStates: readonly UiState[] = [
  state('retention with its breaker tripped', '/retention', says('The safety limit stops the nightly run')),
  state('legal holds of nothing', '/holds', says('No open matters.'), { house: 'empty' }),
  state('requests of nothing', '/requests', says('No open requests.'), { house: 'empty' }),
  state('a request to be entered', '/requests', (p) => press(p, 'Enter a request')),
  state('a matter that is not there', '/holds/Nothing', says('There is no such matter.'), {
    complaint: /404/,
  }),
  state('erasing by hand', '/retention', async (p) => {
    await press(p, /^Erase \d+ recordings/);
    await p.getByRole('dialog').waitFor();
  }),
  state(
    'a proof is asked for while erasing',
    '/retention',
    async (p) => {
      const act = { kind: 'erasing', object: '' };
      const error = { code: 'proof_needed', message: '', hint: '', detail: '', request_id: '', act };
      await p.route(/\/api\/v1\/retention\/run$/, (route) => route.fulfill({ status: 403, json: { error } }));
      await press(p, /^Erase \d+ recordings/);
      const [word = ''] =
        /erase-\d+-[0-9a-f]{12}/.exec((await p.getByRole('dialog').textContent()) ?? '') ?? [];
      await p.getByRole('dialog').getByRole('textbox').fill(word);
      await press(p, /permanently/);
      await p.getByRole('dialog', { name: 'Confirm it’s you' }).waitFor();
    },
    { complaint: /status of 403/ },
  ),
  state(
    'retention while recordings move to the archive',
    '/retention',
    says('Moving to the archive: 312 of'),
    {
      recorder: 'trouble',
    },
  ),
  state('retention while the recorder is down', '/retention', says('Not known while the recorder'), {
    recorder: 'down',
  }),
  state('retention of nothing', '/retention', says('No recordings are kept yet.'), { house: 'empty' }),
  ...(['/retention', '/holds', '/requests', '/approvals'] as const).map((path) =>
    state(
      `${path} when it cannot be read`,
      '/',
      async (p) => {
        const error = { code: 'internal', message: '', hint: '', detail: '', request_id: '01JDK3V7Q8' };
        await p.route(new RegExp(`/api/v1${path}$`), (route) =>
          route.fulfill({ status: 500, json: { error } }),
        );
        await p.goto(new URL(path, p.url()).href);
        await p.getByRole('button', { name: 'Try again' }).first().waitFor();
      },
      { complaint: /status of 500/ },
    ),
  ),
  state('legal holds', '/holds', says('1 open matter'), { house: 'hostile' }),
  state('a matter', '/holds/M1', says('What it holds'), { house: 'hostile' }),
  state(
    'a matter with a changed query',
    '/holds/M1',
    async (p) => {
      await press(p, 'Change query');
      await p.getByRole('form', { name: 'Change the query' }).getByLabel('Direction').selectOption('in');
      await p.getByRole('form').getByRole('button', { name: 'Save query' }).click();
      await says('Enter a reason.')(p);
    },
    { house: 'hostile' },
  ),
  state(
    'a matter to be released',
    '/holds/M1',
    async (p) => {
      await press(p, 'Ask for release', true);
      await p.getByRole('dialog').waitFor();
    },
    { house: 'hostile' },
  ),
  state(
    'a call to be added to a matter',
    '/holds/M1',
    async (p) => {
      await press(p, 'Add a call');
      await p.getByRole('dialog').getByLabel('Call', { exact: true }).fill('a call');
      await p.getByRole('dialog').getByLabel('Reason').fill('Named in the letter');
      await p.getByRole('dialog').getByRole('button', { name: 'Add recording' }).click();
      await says('Enter the address of a call that has a recording.')(p);
    },
    { house: 'hostile' },
  ),
  state('a matter to be opened, with faults', '/holds', async (p) => {
    await press(p, 'Open a matter');
    await press(p, 'Open matter', true);
    await says('Enter a name.')(p);
  }),
  state('approvals of nothing', '/approvals', says('No requests are waiting'), { house: 'empty' }),
  state('approvals', '/approvals', (p) => p.getByText('What is approved').first().click(), {
    house: 'hostile',
  }),
  state(
    'an approval to be withdrawn',
    '/approvals',
    async (p) => {
      await press(p, /^Withdraw: /);
      await p.getByRole('dialog').waitFor();
    },
    { house: 'hostile' },
  ),
  state('requests', '/requests', says('1 open request'), { house: 'hostile' }),
  state('a request', '/requests/P1', says('Request 1'), { house: 'hostile' }),
];
