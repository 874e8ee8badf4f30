import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import t from 'tap';
import { createEncoder } from '../../../daemon/encode/encoder.js';
import { createFfmpeg } from '../../../daemon/encode/ffmpeg.js';
import { opusPlan } from '../../../daemon/encode/opus.js';
import { tonesOf } from '../../support/recordings/crosstalk.js';
import { coupledOf } from '../../support/recordings/opus.js';
import { wavOf } from '../../support/recordings/preserve-lab.js';
import { openBrowser, openDesk } from '../../support/web/browser.js';
import { addRecording, openDashboard, START, setUp, signInAs } from '../../support/web/dashboard.js';
import { openFurnished } from '../../support/web/furnished.js';

/** Recordings in a real Chromium, from the real dashboard. */
const opened = await openBrowser(t);
const dir = t.testdirName;
const RATE = 16_000;
const SECONDS = 12;
const MS = SECONDS * 1000;

/** A tone on the left that is away from 4 s to 8 s, and another on the right that begins at 4 s. */
async function recording(): Promise<Buffer> {
  const [left, right] = tonesOf(SECONDS, RATE) as [Int16Array, Int16Array];
  left.fill(0, 4 * RATE, 8 * RATE);
  right.fill(0, 0, 4 * RATE);
  const [inFile, outFile] = [join(dir, 'in.wav'), join(dir, 'out.wav')];
  writeFileSync(inFile, wavOf(left, RATE));
  writeFileSync(outFile, wavOf(right, RATE));
  const segment = { offsetMs: 0, inFile, outFile, rate: RATE, inMs: MS, outMs: MS };
  const tags = { title: 'Call', date: '2026-11-01', callId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' };
  const plan = opusPlan({ segments: [segment], tags, bitrate: 24_000, complexity: 5 });
  const encoder = createEncoder({ ffmpeg: createFfmpeg() });
  const { written } = await encoder.encode(plan, async (ogg) => {
    const parts: Uint8Array[] = [];
    for await (const part of ogg) parts.push(part);
    return Buffer.concat(parts);
  });
  return written;
}

/**
 * What the page's own player gives at each of these places of a recording, in seconds: the loudest sample of either side in
 * the half second after a seek. And what decoding it whole gives: the loudest of each second.
 */
const heardIn = (page: Page, url: string, places: number[]): Promise<Found> =>
  page.evaluate(`(${LISTEN})(${JSON.stringify({ url, places })})`);

type Found = { duration: number; channels: number; played: number[][]; whole: number[][] };

const LISTEN = `async ({ url, places }) => {
  const context = new AudioContext({ sampleRate: 48_000 });
  const audio = new Audio(url);
  const sides = context.createChannelSplitter(2);
  context.createMediaElementSource(audio).connect(sides);
  const meters = [0, 1].map((side) => {
    const meter = context.createAnalyser();
    meter.fftSize = 2048;
    sides.connect(meter, side);
    return meter;
  });
  const once = (event) =>
    new Promise((done) => audio.addEventListener(event, done, { once: true }));
  const loudest = (samples) => samples.reduce((top, s) => Math.max(top, Math.abs(s)), 0);
  const played = [];
  const ready = once('loadedmetadata');
  audio.load();
  await ready;
  const hear = async (place) => {
    const sought = once('seeked');
    audio.currentTime = place;
    await sought;
    await audio.play();
    const top = [0, 0];
    let looks = 0;
    // What was in the analyser before the seek is gone after the first tenth of a second.
    while (audio.currentTime < place + 0.6) {
      await new Promise((next) => requestAnimationFrame(next));
      if (audio.currentTime < place + 0.2) continue;
      looks += 1;
      for (const [i, meter] of meters.entries()) {
        const samples = new Float32Array(meter.fftSize);
        meter.getFloatTimeDomainData(samples);
        top[i] = Math.max(top[i], loudest(samples));
      }
    }
    audio.pause();
    // A busy browser may draw too seldom to have looked.
    return looks < 3 ? hear(place) : top;
  };
  for (const place of places) played.push(await hear(place));
  const decoded = await context.decodeAudioData(await (await fetch(url)).arrayBuffer());
  const whole = [0, 1].map((side) => {
    const samples = decoded.getChannelData(side);
    return Array.from({ length: Math.round(decoded.duration) }, (_, s) =>
      loudest(samples.subarray(s * 48_000 + 6000, (s + 1) * 48_000 - 6000)),
    );
  });
  return { duration: audio.duration, channels: decoded.numberOfChannels, played, whole };
}`;

t.test(
  'a recording plays and seeks, whole and in part, and each side is silent where it has to be',
  async (t) => {
    const dashboard = await openDashboard(t);
    const founder = await setUp(dashboard);
    const answeredAt = START - 600_000;
    const leg = (number: string, ours: boolean, until: number) => ({
      ...{ id: number, endpoint: number, seenAt: answeredAt, upAt: answeredAt, goneAt: answeredAt + until },
      party: { number, name: '', ours },
    });
    const add = (bytes: Buffer) =>
      addRecording(dashboard, bytes, {
        call: {
          ...{ startedAt: answeredAt - 5000, answeredAt, endedAt: answeredAt + MS },
          legs: [leg('+49', false, MS), leg('101', true, 9000)],
        },
        recording: { durationMs: MS },
      });
    await dashboard.catalogue.people.add({
      ...{ id: 'agent', name: 'agent', roles: ['agent'], extensions: ['101'], grants: [] },
      ...{ passwordHash: '', createdAt: 1, scope: { all: false, extensions: [], queues: [], dids: [] } },
    });
    const agent = await signInAs(dashboard, 'agent');
    const address = await dashboard.app.listen({ port: 0, host: '127.0.0.1' });
    const listen = async (cookie: string, id: string, places: number[]) => {
      const context = await opened.browser.newContext();
      t.teardown(() => context.close());
      const [name, value] = cookie.split('=') as [string, string];
      await context.addCookies([{ name, value, url: address }]);
      const page = await context.newPage();
      await page.goto(address);
      return heardIn(page, `${address}/api/v1/calls/${id}/audio`, places);
    };
    const { call } = await add(await recording());
    const LOUD = 0.2;
    const SILENT = 2 / 32_768;
    const sides = (top: number[]) => top.map((x) => (x <= SILENT ? '.' : x >= LOUD ? 'x' : `${x}`)).join('');

    const all = await listen(founder, call.id, [10, 1, 5, 9]);
    t.equal(all.channels, 2);
    t.ok(Math.abs(all.duration - SECONDS) < 0.1, `${all.duration} s`);
    t.same(all.played.map(sides), ['xx', 'x.', '.x', 'xx'], 'played after seeks to 10, 1, 5 and 9 s');
    t.same(all.whole.map(sides), ['xxxx....xxxx', '....xxxxxxxx'], 'decoded');

    const part = await listen(agent, call.id, [10, 1, 5, 8]);
    t.ok(Math.abs(part.duration - SECONDS) < 0.1);
    t.same(part.played.map(sides), ['..', 'x.', '.x', 'xx'], 'with the end silenced');
    t.same(part.whole.map(sides), ['xxxx....x...', '....xxxxx...']);

    const older = await add(coupledOf(SECONDS, 8000));
    const before = await listen(agent, older.call.id, [3, 10]);
    t.ok(Math.abs(before.duration - SECONDS) < 0.1);
    t.ok(Math.max(...before.played[0]!) > 0.05, 'a recording of the version before plays');
    t.equal(sides(before.played[1]!), '..', 'and its end is silenced');
  },
);

t.test(
  'a browser that cannot play recordings says so, and what to do, before anything is played',
  async (t) => {
    const house = await openFurnished(t, opened);
    const path = `/calls/${house.office.partial.id}`;
    const { page } = await openDesk(t, opened, house);
    await page.addInitScript("HTMLMediaElement.prototype.canPlayType = () => ''");
    const asked: string[] = [];
    page.on('request', (request) => void (/\/audio/.test(request.url()) && asked.push(request.url())));
    await page.goto(`${house.url}${path}`);
    const note = page.getByText('This browser can’t play recordings');
    await note.waitFor();
    t.match(await note.textContent(), /Safari 18\.4 or newer, or download the recording/);
    t.ok(await page.locator('[data-play]').isDisabled());
    t.ok(await page.getByRole('link', { name: 'Download' }).first().isVisible(), 'the way out is there');
    await page.keyboard.press('k');
    await page.getByText('The browser could not play this recording.').waitFor();
    t.same(asked, [], 'and nothing counts as played');

    const { page: good } = await openDesk(t, opened, house, { path });
    await good.locator('[data-play]').waitFor();
    t.equal(await good.getByText('This browser can’t play recordings').count(), 0);
  },
);
