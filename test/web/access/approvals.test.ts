import { randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import type { Page } from 'playwright-core';
import t from 'tap';
import { ulid } from 'ulid';
import {
  type ApprovalAct,
  DAY_MS,
  digestOfShown,
  type JsonValue,
} from '../../../daemon/domain/approval/approval.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { createFactorSecrets } from '../../../daemon/vault/factor-secrets.js';
import { openBrowser } from '../../support/web/browser.js';
import { openDashboard, password, setUp } from '../../support/web/dashboard.js';

const opened = await openBrowser(t);

const query = {
  ...{ text: '', numbers: [], extensions: ['101', '102'], queues: [], dids: [], direction: null, pbx: null },
  ...{ from: '2026-03-02T00:00:00.000Z', to: null, region: 'GB' },
};
const narrower = { ...query, direction: 'in' };
const letting = { what: 'query', query: { ...narrower, from: Date.parse(query.from) } };
const [FIRST, SECOND] = ['01JDK3V7Q8ZM5T4R2XW9YB6C1E', '01JDK3V7Q8ZM5T4R2XW9YB6C2E'];
/** Each kind of request, with what the recorder shows of it, and with what it may show one day. */
const ASKED: [ApprovalAct, string, JsonValue][] = [
  [
    'erase',
    'by hand',
    {
      recordings: [{ id: FIRST, call: SECOND, started_at: '2026-03-02T00:00:00.000Z' }],
      ...{ request: 17, of_tomorrow: { deep: { deeper: [{ deepest: ['still shown'] }] } } },
    },
  ],
  [
    'shorten_retention',
    'policy',
    {
      ...{ changes: ['retention: "Orders" is changed: keep days 365 -> 30'], shorter: 12, due: 3 },
      ...{ as_of: '2026-03-02T00:00:00.000Z', digest: 'd1', policy_sha256: 'd2', metadata_days: 90 },
      no_second_person_for: ['erase'],
      retention: [
        {
          ...{ name: 'Orders', reason: '', when: { queue: ['orders'], of_tomorrow: ['new'] }, keep_days: 30 },
          legal_basis: 'Contract',
        },
      ],
      limits: [
        { name: 'MiFID', reason: '', when: {}, kind: 'min', days: 1827, source: 'RTS', as_of: '2026-01-05' },
      ],
    },
  ],
  [
    'release_hold',
    'M1',
    {
      matter: {
        ...{ id: 'M1', name: 'Smith v. Example', reason: 'Claim', opened_by: 'Eve', picked: 2 },
        ...{ opened_at: '2026-03-02T00:00:00.000Z', query },
      },
      ...{ new_query: narrower, letting, upto: 40, recordings: 9, list_sha256: 'd3' },
    },
  ],
  [
    'hear_older',
    FIRST,
    {
      ...{ call: SECOND, recording: FIRST, version: 1, replaced_by_version: 2, sealed_sha256: 'd4' },
      ...{ redacted_at: '2026-03-02T00:00:00.000Z', redacted_by: 'Eve', redaction_reason: 'A card' },
      redacted: ['them 1000-2500'],
    },
  ],
];
const SAID = [
  ...[FIRST, SECOND, 'Request of a person 17', 'still shown'],
  ...['Orders Keep recordings of calls through queue orders for 30 days.', 'Calls of tomorrow 1 item new'],
  ...['Legal basis Contract', 'Keep recordings of every call for at least', 'RTS (checked 2026-01-05)'],
  ...['Erasing recordings by hand', 'Existing recordings kept for less time 12', 'Due for erasure by that 3'],
  ...['Query extension 101, 102; from 2 Mar 2026', 'New query extension 101, 102; from 2 Mar 2026; incoming'],
  ...['Releases Recordings that the new query does not match', 'Recordings 9', 'Opened by Eve'],
  ...['Silenced 1 item them (left), 0:01 to 0:02.5', 'Replaced by version 2', 'd1', 'd2', 'd3', 'd4'],
];

/** The text of elements has nothing between a label and its value. */
const glued = (text: string): string => text.replace(/\s/g, '');

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
    const at = Date.now();
    for (const [act, object, shown] of ASKED)
      await catalogue.approvals.ask({
        ...{ id: ulid(), act, object, digest: digestOfShown(shown), shown, alone: false },
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
    await one.getByText('You asked for this yourself.').first().waitFor();
    t.equal(await one.getByRole('button', { name: 'Approve', exact: false }).count(), 0, 'Anna cannot');

    // Codes of this step and of the next one: each counts once, and neither is too old if its step ends meanwhile.
    await signIn(two, 'Ben Orchard', () => app2.generate({ timestamp: Date.now() }));
    await two.goto(`${address}/approvals`);
    await two.getByText('What is approved').first().waitFor();
    const read = glued((await two.getByRole('main').textContent())!);
    for (const words of SAID) t.ok(read.includes(glued(words)), words, { read });
    t.notMatch(read, /[{}_]|T00:00/, 'nothing is JSON, a key or a time as programs write it');
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
