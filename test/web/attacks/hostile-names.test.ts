import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { unzipSync } from 'fflate';
import type { Page } from 'playwright-core';
import t from 'tap';
import { ulid } from 'ulid';
import { auditActions, auditOutcomes, entryOf } from '../../../daemon/domain/assurance/audit.js';
import { downStatus } from '../../../daemon/domain/operations/status.js';
import { skeleton } from '../../../daemon/domain/people/name.js';
import { openBrowser, tooWide } from '../../support/web/browser.js';
import {
  addCall,
  addRecording,
  type Dashboard,
  openDashboard,
  post,
  START,
  setUp,
  signInAs,
} from '../../support/web/dashboard.js';
import { payloads } from '../../support/web/hostile.js';
import { createSigner } from '../../support/web/signer.js';
import { noted } from '../../support/words.js';

const DAY = 86_400_000;
/** How many of the texts are on the page of one call. */
const EACH = 24;
const at = (n: number): string => payloads[n % payloads.length]!;
/** Names and rules have their limits, which the API checks before anything gets as far. */
const short = (n: number, most: number): string => at(n).slice(0, most).trim() || `rule ${n}`;

/** Fills a catalogue with calls whose every text is hostile, as if what comes from the PBX had not been cleaned. */
async function fill(
  dashboard: Dashboard,
  { sign }: Pick<ReturnType<typeof createSigner>, 'sign'>,
): Promise<string[]> {
  const { catalogue } = dashboard;
  const ids: string[] = [];
  const add = async (n: number) => {
    const startedAt = START - (n < 150 ? 0 : 2 * DAY) - n * 60_000;
    const party = (by: number) => ({ number: at(n + by), name: at(n), ours: by % 2 === 0 });
    const change = {
      startedAt,
      them: party(1),
      us: party(2),
      dialled: at(n + 3),
      did: at(n + 4),
      queue: at(n + 5),
      direction: (['in', 'out', 'internal'] as const)[n % 3],
    };
    // The pages of these calls are opened: each shows so many more of the texts.
    const opened = n % EACH === 0;
    const legs = Array.from({ length: opened ? EACH : 1 }, (_, leg) => ({
      id: `leg-${leg}`,
      party: { number: at(n + leg), name: at(n + leg), ours: leg > 0 },
      endpoint: at(n + leg),
      seenAt: startedAt,
      upAt: startedAt + 5_000,
      goneAt: startedAt + 185_000,
    }));
    const marks = (['hold', 'transfer', 'joined', 'queue', 'park'] as const).map((kind, i) => ({
      ...{ atMs: i * 20_000, untilMs: null, kind, text: at(n + i), legId: 'leg-0' },
    }));
    if (n % 12 === 0) {
      const side = { speechDb: -19, noiseDb: -40, peakDb: -2, silentShare: 0, zeroShare: 0 };
      const heard = { ...side, clippedShare: 0, lostShare: 0 };
      const made = await addRecording(dashboard, Buffer.from('sound'), {
        call: { ...change, legs, marks },
        recording: {
          keepUntil: n % 24 === 0 ? START - 1 : START + DAY,
          keepRule: at(n + 6),
          keepWhy: noted(at(n + 7)),
          gaps: [{ atMs: 1_000, untilMs: 3_000, side: 'us', why: noted(at(n + 8)) }],
          quality: {
            ...{ them: heard, us: heard, echo: null, flags: [{ side: 'us', flag: 'noisy' }] },
            ears: { them: { kind: 'line', name: at(n) }, us: { kind: 'extension', name: at(n + 1) } },
          },
        },
      });
      const { call, recording } = made;
      await sign(made);
      if (n % 36 === 12) {
        await catalogue.eraseIntended(recording.id, noted(at(n + 9)), START);
        await catalogue.erased(recording.id, START);
      }
      if (opened) ids.push(call.id);
    } else {
      const call = await addCall(catalogue, { ...change, legs, marks });
      const status = (['not_recorded', 'excluded', 'partial'] as const)[n % 3]!;
      await catalogue.decideCoverage(call.id, {
        status,
        why: noted(at(n + 6)),
        rule: at(n),
        missingMs: 9_000,
      });
    }
  };
  // What is written in the same turn is one write for the disk.
  await Promise.all(payloads.map((_, n) => add(n)));
  const rule = (n: number) => ({ name: short(n, 80), reason: short(n + 1, 300), when: {} });
  const { version } = await catalogue.policy();
  await catalogue.savePolicy(
    {
      record: Array.from({ length: 150 }, (_, n) => ({ ...rule(n), record: true })),
      retention: Array.from({ length: 150 }, (_, n) => ({ ...rule(n + 150), keep_days: 30 })),
      emergency_numbers: ['112'],
    },
    at(3),
    START,
    version,
  );
  return ids;
}

/** The same for people, where they are signed in and with what, the log, and the PBX's own account of its calls. */
async function fillMore({ catalogue }: Dashboard, anna: string): Promise<string> {
  const time = { createdAt: START, expiresAt: START + DAY };
  const odd = { all: false, extensions: [at(7), at(8)], queues: [at(9)], dids: [at(10)] };
  const taken = (await catalogue.user(anna))!.name;
  // Names that look the same, such as those with nothing to see, are refused; one of each is enough.
  const looks = new Map(payloads.toReversed().map((name) => [skeleton(name), name]));
  looks.delete(skeleton(taken));
  const others = [...looks.values()].toReversed();
  const people = others.map((name, n) => ({
    ...{ id: ulid(START + n), name, roles: ['reviewer' as const, 'agent' as const], grants: [] },
    ...{ scope: odd, extensions: [at(n + 1)], passwordHash: 'x', createdAt: START },
  }));
  await Promise.all(people.map((user) => catalogue.addUser(user)));
  const some = payloads.filter((_, n) => n % 3 === 0);
  await Promise.all(
    some.flatMap((text, n) => [
      catalogue.addSession({
        ...{ tokenHash: `hash ${n}`, id: `session ${n}`, userId: anna, address: at(n + 1), agent: text },
        ...{
          ...time,
          seenAt: START,
          proofs: ['password'],
          provedAt: START,
          failed: { count: 0, lastAt: null },
        },
      }),
      catalogue.addToken(
        { ...{ id: `token ${n}`, userId: anna, name: text, rights: ['view'] }, ...time },
        `hash ${n}`,
      ),
      catalogue.tokenUsed(`token ${n}`, START, at(n + 2)),
      catalogue.addPasskey({
        ...{ id: `key ${n}`, userId: anna, name: text, publicKey: new Uint8Array(9), counter: 0 },
        ...{ transports: [], host: at(n + 1), addedAt: START, usedAt: null },
      }),
    ]),
  );
  const [call] = await catalogue.calls({ limit: 1 });
  await Promise.all(
    payloads.map((text, n) =>
      catalogue.audit(
        entryOf(
          // An address is a socket's, and no text of anybody's.
          { actor: 'person', actor_id: at(n), actor_name: text, address: `10.0.0.${n % 250}` },
          START - n,
          auditActions[n % auditActions.length]!,
          {
            ...{
              object: n % 2 ? 'call' : at(n + 2),
              object_id: n % 2 ? call!.id : at(n + 3),
              reason: at(n + 4),
            },
            ...{ outcome: auditOutcomes[n % 3]!, words: at(n + 5) },
            detail: { because: at(n + 6), name: at(n + 7), changes: [at(n + 8)], filters: [at(n + 9)] },
          },
        ),
      ),
    ),
  );
  const accounts = payloads.map((text, n) => {
    const startedAt = START - 90_000 - n * 100;
    const cdr = {
      ...{ linkedid: `l${n}`, uniqueid: `u${n}`, channel: `${text} ${n}`, peer: at(n + 1), src: at(n + 2) },
      ...{ dst: at(n + 3), name: text, context: at(n + 4), app: at(n + 5), disposition: at(n + 6) },
      ...{ startAt: startedAt, answerAt: startedAt, endAt: startedAt + 60_000, ahead: 0 },
    };
    const times = { startedAt, answeredAt: startedAt, endedAt: cdr.endAt };
    return { id: `l${n}`, linkedid: `l${n}`, callId: null, ...times, alone: false, cdrs: [cdr] };
  });
  await catalogue.addCdrs(
    accounts.flatMap(({ cdrs }) => cdrs),
    'ami',
    START,
  );
  await catalogue.saveAccounts(accounts, []);
  for (const [n, name] of ['cdr_csv', 'cdr_sqlite', 'cdr_mysql'].entries())
    await catalogue.noteSource(name, START, at(n + 11));
  return people[5]!.id;
}

/** What the recorder would say of itself if every word of it came from an attacker. */
function status() {
  const time = new Date(START).toISOString();
  const party = (n: number) => ({ number: at(n), name: at(n + 1), ours: false });
  return async () => ({
    ...downStatus('', ''),
    daemon: 'up' as const,
    pbx: { ari: true, ami: false, version: at(1), problem: { message: at(2), hint: at(3) } },
    health: {
      level: 'red' as const,
      problems: payloads
        .slice(0, 60)
        .map((message, n) => ({ code: at(n), severity: 'critical' as const, message, hint: at(n + 60) })),
    },
    calls: payloads.map((_, n) => ({
      ...{ id: ulid(START + n), direction: 'in' as const, them: party(n), us: party(n + 2), since: time },
      ...{ answered_at: time, recorded: n % 2 === 0, why: at(n + 4) },
    })),
    alarms: payloads.slice(0, 150).map((message, n) => ({
      ...{
        key: at(n),
        severity: 'warning' as const,
        message,
        hint: at(n + 1),
        raised_at: time,
        cleared_at: null,
      },
    })),
    past_alarms: payloads.slice(150).map((message, n) => ({
      ...{
        key: at(n),
        severity: 'warning' as const,
        message,
        hint: at(n + 1),
        raised_at: time,
        cleared_at: time,
      },
    })),
    blind: payloads.slice(0, 60).map((reason) => ({ from: time, to: time, reason, why: noted(reason) })),
    alerts: [
      ...[{ channel: 'mail' as const, target: at(5), waiting: 1, last_sent_at: null, failing_since: time }],
    ].map((a) => ({ ...a, problem: at(6) })),
    test_call: { at: time, outcome: 'failed' as const, message: at(7) },
  });
}

/** Text with letters that run from right to left has to stand apart from what is around it. */
const NOT_APART = `(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!/[\\u0590-\\u08ff\\u202a-\\u202e\\u2066-\\u2069]/.test(node.data)) continue;
    let at = node.parentElement;
    let apart = false;
    for (; at && at !== document.body && !apart; at = at.parentElement)
      apart = /isolate|plaintext/.test(getComputedStyle(at).unicodeBidi) || /^(OPTION|TEXTAREA)$/.test(at.tagName);
    if (!apart) found.push(node.parentElement.outerHTML.slice(0, 200));
  }
  return found.slice(0, 5);
})()`;

/** The innermost of what is wider than the window. */
const STICKS_OUT = `[...document.querySelectorAll('main *, dialog *')]
  .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && e.children.length === 0)
  .slice(0, 4).map((e) => (e.parentElement.className + ' > ' + e.tagName + '.' + e.className + ': ' + e.textContent).slice(0, 120))`;

/** What only a text that became markup would have put there. */
const FOREIGN = `[...document.querySelectorAll(
  'script:not([src^="/assets/"]), iframe, object, embed, base, form[action], meta[http-equiv], math, template, portal, marquee, [srcdoc], a[href*="script:" i], a[href^="data:" i], img:not([src^="data:image/png"]), style'
)].map((e) => e.outerHTML.slice(0, 200)).concat([...document.querySelectorAll('*')]
  .filter((e) => e.getAttributeNames().some((a) => a.startsWith('on'))).map((e) => e.outerHTML.slice(0, 200)))`;

t.setTimeout(240_000);
const opened = await openBrowser(t);

t.test('300 hostile texts, as everything that has a name, on every page: nothing runs', async (t) => {
  const signer = createSigner();
  const dashboard = await openDashboard(t, {
    uiDir: opened.uiDir,
    site: { name: at(0), timeZone: 'UTC', region: '' },
    control: {
      ...signer.control,
      status: status(),
      metrics: async () => null,
      runRetention: async () => ({ erased: 0, failed: 0, left: 0 }),
      takePass: async () => false,
    },
  });
  t.ok(payloads.length >= 300, `${payloads.length} texts`);
  t.equal(new Set(payloads).size, payloads.length, 'all different');
  signer.begin(dashboard);
  const ids = await fill(dashboard, signer);
  const url = await dashboard.app.listen({ host: '127.0.0.1', port: 0 });
  await setUp(dashboard, short(40, 60));
  const anna = (await dashboard.catalogue.users())[0]!.id;
  const somebody = await fillMore(dashboard, anna);
  const cookie = await signInAs(dashboard, anna, ['password', 'passkey']);
  const context = await opened.browser.newContext({
    viewport: { width: 360, height: 740 },
    reducedMotion: 'reduce',
    locale: 'en-GB',
  });
  t.teardown(() => context.close());
  const [name = '', value = ''] = cookie.split('=');
  await context.addCookies([{ name, value, url }]);
  const ran: string[] = [];
  /** Where all that a page asks for lies. */
  let home = url;
  await context.exposeFunction('__hit', (n: unknown) => ran.push(`text ${n} ran`));
  const page = await context.newPage();
  page.on('dialog', (d) => {
    ran.push(`dialog: ${d.message()}`);
    void d.dismiss();
  });
  page.on('console', (m) => {
    if (/Content Security Policy|Refused to/i.test(m.text())) ran.push(m.text().slice(0, 300));
  });
  page.on('pageerror', (e) => ran.push(`error: ${e.message.slice(0, 300)}`));
  page.on('request', (r) => {
    if (/hit\d/.test(r.url())) ran.push(`asked for ${r.url()}`);
    else if (!r.url().startsWith(home) && !/^(data|blob):/.test(r.url())) ran.push(`went to ${r.url()}`);
  });
  page.on('framenavigated', (f) => {
    if (f !== page.mainFrame() || !f.url().startsWith(home)) ran.push(`navigated to ${f.url()}`);
  });
  // As much of the lists as a page may ask for.
  await page.route(/\/api\/v1\/(calls|audit)\?/, (route) =>
    route.continue({
      url: route
        .request()
        .url()
        .replace(/limit=\d+/, 'limit=200'),
    }),
  );

  /** Opens a page, by a click on a button of it something more, and looks at it. */
  async function look(path: string, button?: RegExp): Promise<void> {
    await page.goto(`${url}${path}`);
    await settled(page);
    if (button) {
      await page.getByRole('button', { name: button }).first().click();
      await page.getByRole('dialog').waitFor();
    }
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 740 });
      t.strictSame(
        (await tooWide(page)) > 0 ? await page.evaluate(STICKS_OUT) : [],
        [],
        `${path.slice(0, 40)} at ${width} px: nothing sticks out`,
      );
    }
    t.strictSame(await page.evaluate(FOREIGN), [], `${path.slice(0, 40)}: no text became markup`);
    t.strictSame(
      await page.evaluate(NOT_APART),
      [],
      `${path.slice(0, 40)}: what runs the other way stands apart`,
    );
  }

  await page.goto(url);
  await settled(page);
  const linked = (await page.evaluate(
    "[...document.querySelectorAll('header a[href^=\"/\"], .nav a')].map((a) => a.getAttribute('href'))",
  )) as string[];
  t.ok(linked.length >= 6, linked.join(' '));
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const days = [START, START - 2 * DAY].map((ms) => `/?when=custom&from=${day(ms - DAY)}&to=${day(ms)}`);
  const search = `/?q=${encodeURIComponent(at(12))}`;
  const persons = ['/people', `/people/${somebody}`, `/people/${anna}`, '/account', '/audit'];
  for (const path of [
    ...new Set([...linked, ...days, search, '/coverage?status=all', ...persons, '/set-up', '/nowhere']),
  ])
    await look(path);
  t.ok(ids.length * EACH >= payloads.length);
  for (const id of ids) await look(`/calls/${id}`);
  await look(`/calls/${ids[0]}`, /Evidence pack/);
  const invited = await post(dashboard.app, `/people/${somebody}/invitation`, {}, { cookie });
  await look(`/welcome#${invited.json().code}`);

  await context.clearCookies();
  const [half = '', password = ''] = (await signInAs(dashboard, anna)).split('=');
  await context.addCookies([{ name: half, value: password, url }]);
  await look('/');
  t.match(await page.textContent('main'), /passkey|second factor/i, 'the second factor is asked for');
  await context.clearCookies();
  await look('/');
  t.strictSame(ran, []);

  const reason = { reason: payloads.slice(0, 12).join(' ').slice(0, 200) };
  const pack = await post(dashboard.app, `/calls/${ids[0]}/evidence`, reason, { cookie });
  t.equal(pack.statusCode, 200, pack.statusCode === 200 ? '' : pack.body);
  const dir = t.testdir({});
  writeFileSync(join(dir, 'verify.html'), unzipSync(pack.rawPayload)['verify.html']!);
  const verifier = pathToFileURL(join(dir, 'verify.html')).href;
  home = verifier;
  await page.goto(verifier);
  await page.setInputFiles('#file', {
    name: 'pack.zip',
    mimeType: 'application/zip',
    buffer: pack.rawPayload,
  });
  await page
    .getByRole('status')
    .getByText(/^Verified/)
    .waitFor();
  t.match(await page.textContent('.verdict'), /Everything fits together/);
  t.match(
    await page.textContent('body'),
    /<script>__hit\(0\)<\/script>/,
    'its story is as hostile as the call',
  );
  t.equal(
    await page.locator('img, iframe, object, embed, form[action], math, [onerror], [onload]').count(),
    0,
  );
  t.strictSame(ran, []);

  // That it would have been seen.
  home = url;
  await page.goto(url);
  await page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=/hit0 onerror=__hit(0)>')");
  await settled(page);
  t.ok(((await page.evaluate(FOREIGN)) as string[]).length > 0, 'what became markup is found');
  t.ok(
    ran.some((what) => /asked for .*hit0/.test(what)) && ran.some((what) => /Content Security/.test(what)),
  );
});

/** Waits until the page has stopped asking and drawing. */
async function settled(page: Page): Promise<void> {
  await page.waitForLoadState('load');
  let before = -1;
  for (let n = 0; n < 60; n++) {
    // While one page takes the place of another there is nothing to measure.
    const now = await page
      .evaluate<number>("document.querySelector('.door-wait') ? -1 : document.body.innerHTML.length")
      .catch((e: Error) => {
        if (/context was destroyed/.test(e.message)) return -1;
        throw e;
      });
    if (now === before && now > 500) return;
    before = now;
    await wait(60);
  }
}
