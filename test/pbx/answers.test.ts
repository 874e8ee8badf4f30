import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import type { StoredCall } from '../../daemon/catalogue/stored-call.js';
import { judge } from '../../daemon/domain/assurance/coverage.js';
import { times } from '../../daemon/domain/days.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { inWords } from '../../daemon/domain/reason/words.js';
import { ask } from '../../daemon/ops/control-client.js';
import { createTcpProxy } from '../support/pbx/fake-pbx.js';
import { createLab, type Extension, emptySpool, type Pbx, startPbxOrSkip } from '../support/pbx/pbx.js';
import type { Call } from '../support/pbx/phone.js';
import { tone } from '../support/pbx/sources.js';
import { createRecorderLab, seconds, until } from '../support/recorder.js';

const say = times('UTC');

/**
 * Calls in every phase of their life, at once, while the recorder or its link to the PBX is away: each call has one row,
 * with the times at which people really talked, and what was not captured is told as a gap with the true reason.
 */

/** Times of the laboratory and the recorder may differ by this much: phones, Asterisk and a busy machine. In ms. */
const SLACK = 700;
/** So much of a beginning a busy machine may cost where five calls are answered at once: less than any outage here. In ms. */
const BUSY = 2_000;

/** What the laboratory knows of a call. Times are ms since 1970; `expect` is what has to become of it. */
type Lived = {
  number: string;
  what: string;
  expect: 'whole' | 'from the return' | 'missed' | 'unanswered';
  /** It began after that. */
  begunAt: number;
  answeredAt: number;
  endedAt: number;
};

type Outage = {
  name: string;
  reason: RegExp;
  leave: () => Promise<void>;
  back: () => Promise<void>;
};

async function house(t: Test, version: 22 | 16) {
  const pbx = await startPbxOrSkip(t, { version, name: `answers-${version}` });
  if (!pbx) return null;
  t.teardown(() => pbx.stop());
  emptySpool(pbx);
  const csv = join(pbx.logDir, 'cdr-csv/Master.csv');
  rmSync(csv, { force: true });
  await pbx.cli('module load cdr_csv.so');
  const lab = createLab(pbx);
  t.teardown(() => lab.stop());
  const proxy = await createTcpProxy(pbx.ports.http);
  t.teardown(() => proxy.stop());
  const seen: Pbx = { ...pbx, ari: { ...pbx.ari, url: `http://127.0.0.1:${proxy.port}/ari` } };
  const dir = t.testdir({});
  const recorder = createRecorderLab({ dir, pbx: seen, extra: `[coverage]\ncdr_csv = "${csv}"\n` });
  t.teardown(() => recorder.stop());
  await recorder.startDaemon();
  const catalogue = createSqliteCatalogue({ path: catalogueFile(recorder.dataDir) });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  const linked = (up: boolean) =>
    until(
      `ARI ${up ? 'up' : 'down'}`,
      async () => (await ask(recorder.dataDir, 'status')).pbxes[0]!.ari === up,
    );
  const exts = ['100', '101', '102', '103', '104', '105', '106', '107', '108', '109', '120', '121'] as const;
  // Who comes later has higher numbers, or this PBX may fall silent when a call is transferred: see mute.test.ts.
  let calls = 0;
  const rtp = () => ({ firstSeq: 1_000 + 600 * calls++ });
  const phones = new Map(
    await Promise.all(
      exts.map(
        async (ext) =>
          [ext, await lab.phone(ext, { source: () => tone(440), answerAfterMs: null, rtp })] as const,
      ),
    ),
  );
  const carrier = await lab.carrier({ source: () => tone(700), answerAfterMs: null });
  const row = async (number: string): Promise<StoredCall | undefined> =>
    (await catalogue.calls.list({ text: number, limit: 50 })).find((c) =>
      [c.them.number, c.us.number].includes(number),
    );
  return {
    recorder,
    catalogue,
    carrier,
    linked,
    proxy,
    phone: (ext: Extension) => phones.get(ext as (typeof exts)[number])!,
    log: () => readFileSync(join(dir, 'run.log'), 'utf8'),
    row,
    /** It is being captured. */
    captured: (number: string) =>
      until(`the capture of ${number}`, async () => {
        const found = await row(number);
        return found && (await catalogue.segments.of(found.id)).some((s) => s.inStartedAt !== null);
      }),
    known: (number: string) => until(`a row of ${number}`, () => row(number)),
  };
}

type House = NonNullable<Awaited<ReturnType<typeof house>>>;

/** One outage, with a call in each phase. Gives when nobody watched, and what the laboratory knows of the calls. */
async function live(h: House, { leave, back }: Outage, round: number) {
  const lived: Lived[] = [];
  const number = (n: number) => `+1555${round}${String(n).padStart(3, '0')}`;
  const add = (n: number, what: string, expect: Lived['expect']): Lived => {
    const one = { number: number(n), what, expect, begunAt: Date.now(), answeredAt: 0, endedAt: 0 };
    lived.push(one);
    return one;
  };
  /** An outside party calls an extension, whose phone rings. */
  const ring = async (one: Lived, ext: Extension) => {
    const call = await h.carrier.call(`5558${ext}`, {
      caller: { number: one.number },
      source: tone(700),
    });
    const there = await h.phone(ext).incoming();
    return { one, call, there };
  };
  type Ringing = Awaited<ReturnType<typeof ring>>;
  const answer = async ({ one, call, there }: Pick<Ringing, 'one' | 'call' | 'there'>) => {
    there.answer();
    if (!(await call.answered)) throw new Error(`${one.what}: not answered`);
    one.answeredAt = Date.now();
  };
  const end = async (one: Lived, call: Call) => {
    await call.hangup();
    one.endedAt = Date.now();
  };

  // Before it.
  const ringing = await ring(add(1, 'rings, is answered meanwhile', 'from the return'), '100');
  const gone = await ring(add(2, 'rings, is answered and ends meanwhile', 'missed'), '101');
  const through = await ring(add(3, 'rings until after the return', 'whole'), '102');
  const given = await ring(add(4, 'rings, and the caller gives up meanwhile', 'unanswered'), '103');
  const bridged = await ring(add(5, 'is answered before', 'whole'), '104');
  const held = await ring(add(6, 'is on hold', 'whole'), '105');
  const moved = await ring(add(7, 'is transferred meanwhile', 'whole'), '106');
  const ends = await ring(add(8, 'ends meanwhile', 'whole'), '107');
  const sealed = await ring(add(9, 'ended just before', 'whole'), '107');
  // An extension calls out.
  const outgoing = add(10, 'goes out, is answered meanwhile', 'from the return');
  const out = await h.phone('108').call(`9${outgoing.number.slice(1)}`, { source: tone(440) });
  const outside = await h.carrier.incoming({ called: outgoing.number.slice(1) });
  outgoing.number = outgoing.number.slice(1);
  for (const each of [bridged, held, moved, ends, sealed]) await answer(each);
  for (const each of [bridged, held, moved, ends, sealed]) await h.captured(each.one.number);
  for (const each of [ringing, gone, through, given]) await h.known(each.one.number);
  await until('a row of the outgoing call', async () =>
    (await h.catalogue.calls.list({ limit: 200 })).some((c) => c.dialled.endsWith(outgoing.number)),
  );
  await seconds(1.5);
  await held.call.hold();
  await end(sealed.one, sealed.call);

  // Nobody watches.
  const awayFrom = Date.now();
  await leave();
  // One that is asked to stop takes its time on a busy machine, and hears the PBX until then.
  const leftAt = Date.now();
  await seconds(0.5);
  await answer(ringing);
  await answer(gone);
  await answer({ one: outgoing, call: out, there: outside });
  const invited = await ring(add(11, 'begins and is answered meanwhile', 'from the return'), '109');
  const late = await ring(add(12, 'begins meanwhile, is answered after', 'whole'), '103');
  await end(given.one, given.call);
  void moved.there.refer('120').catch(() => 0);
  const target = await h.phone('120').incoming();
  const prompt = add(13, 'hears a prompt', 'from the return');
  await seconds(0.8);
  await answer(invited);
  target.answer();
  await end(ends.one, ends.call);
  await end(gone.one, gone.call);
  // The dialplan answers this one at once and plays a prompt.
  const listener = await h.phone('121').call('822', { source: tone(440) });
  if (!(await listener.answered)) throw new Error('the prompt was not played');
  prompt.number = '121';
  prompt.answeredAt = Date.now();
  await seconds(1.2);

  // It is back.
  const backFrom = Date.now();
  await back();
  const awayTo = Date.now();
  await seconds(1);
  await answer(through);
  await answer(late);
  await held.call.unhold();
  for (const one of [ringing.one, invited.one, through.one, late.one, outgoing, prompt])
    await h.captured(one.number);
  await seconds(1.5);
  for (const { one, call } of [ringing, through, bridged, held, moved, invited, late]) await end(one, call);
  await end(outgoing, out);
  await end(prompt, listener);
  return { lived, awayFrom, leftAt, backFrom, awayTo };
}

/** What became of a call of the laboratory, once it is settled: faults in words. `calls` are all that the catalogue has. */
async function faultsOf(
  h: House,
  one: Lived,
  { calls, awayTo, reason }: { calls: StoredCall[]; awayTo: number; reason: RegExp },
): Promise<string[]> {
  const faults: string[] = [];
  const rows = calls.filter(
    (c) =>
      [c.them.number, c.us.number, c.dialled].some((n) => n === one.number || n === `9${one.number}`) &&
      c.startedAt > one.begunAt - 500 &&
      c.startedAt < awayTo + 1_000,
  );
  if (rows.length !== 1) return [`there are ${rows.length} rows`];
  const [row] = rows as [StoredCall];
  const { status, missingMs } = row.coverage;
  const near = (what: string, is: number | null, due: number, slack = SLACK) => {
    if (is === null || Math.abs(is - due) > slack)
      faults.push(`${what} is off by ${is === null ? 'everything' : Math.round(is - due)} ms`);
  };
  const counted = await h.catalogue.ledger.row(row.id);
  const judged = counted && judge(counted, null, Date.now());
  if (one.expect === 'unanswered') {
    if (row.answeredAt !== null || judged) faults.push('it counts as answered');
    if (status !== 'none') faults.push(`it is ${status}`);
    return faults;
  }
  // A row that is made from CDRs has whole seconds.
  const seconds = one.expect === 'missed' ? 1_000 : 0;
  near('the answer', row.answeredAt, one.answeredAt, SLACK + seconds);
  near('the end', row.endedAt, one.endedAt, SLACK + seconds);
  if (!judged) return [...faults, 'no CDR says that it was answered'];
  if (judged.finding) faults.push(`the CDR disagrees: ${judged.finding}: ${inWords(judged.why, say)}`);
  const talked = one.endedAt - one.answeredAt;
  if (one.expect === 'missed') {
    if (status !== 'not_recorded') faults.push(`it is ${status}`);
    if (!reason.test(inWords(row.coverage.why, say)))
      faults.push(`the reason is "${inWords(row.coverage.why, say)}"`);
    near('the missing time', missingMs, talked, SLACK + seconds);
    return faults;
  }
  near('the length of the recording', row.recording?.durationMs ?? null, talked, SLACK + 300);
  if (one.expect === 'whole') {
    // On a busy machine the beginning may come late, and so may a capture that is begun anew where a source changes. That is
    // told with its own reason: the time in which nobody watched is not to blame.
    const told = inWords(row.coverage.why, say);
    const seam = missingMs < BUSY && told !== '' && !/not running|link to the PBX was lost/.test(told);
    if (status !== 'recorded' && !(status === 'partial' && seam)) faults.push(`it is ${status}: ${told}`);
    return faults;
  }
  if (status !== 'partial') faults.push(`it is ${status}`);
  if (!reason.test(inWords(row.coverage.why, say)))
    faults.push(`the reason is "${inWords(row.coverage.why, say)}"`);
  const from = (await h.catalogue.segments.of(row.id))[0]?.inStartedAt ?? 0;
  if (from < awayTo - SLACK) faults.push('it was captured before anybody was back');
  // On a busy machine more may be missing further on, which is told as a gap of its own.
  const [gap] = row.recording?.gaps ?? [];
  near('the gap at the beginning', (gap?.untilMs ?? 0) - (gap?.atMs ?? 0), from - one.answeredAt);
  if (gap && missingMs < gap.untilMs - gap.atMs - 1) faults.push(`only ${missingMs} ms are missing`);
  if (gap?.atMs !== 0 || gap.side !== 'both' || !reason.test(inWords(gap.why, say)))
    faults.push(`the first gap is ${JSON.stringify(gap)}`);
  return faults;
}

t.test('calls in every phase while nobody watches the PBX', { jobs: 2 }, async (t) => {
  for (const version of [22, 16] as const)
    t.test(`Asterisk ${version}`, { buffered: true }, async (t) => {
      const h = await house(t, version);
      if (!h) return;
      const notRunning =
        /Tapedeck was not running from \d{4}-\d\d-\d\d \d\d:\d\d:\d\d to \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\./;
      const outages: Outage[] = [
        {
          name: 'killed',
          reason: notRunning,
          leave: () => h.recorder.stopDaemon('SIGKILL'),
          back: async () => void (await h.recorder.startDaemon()),
        },
        {
          name: 'restarted',
          reason: notRunning,
          leave: () => h.recorder.stopDaemon('SIGTERM'),
          back: async () => void (await h.recorder.startDaemon()),
        },
        {
          name: 'without a link',
          reason: /The link to the PBX was lost from \d{4}-\d\d-\d\d \d\d:\d\d:\d\d to /,
          leave: async () => {
            h.proxy.vanish();
            await h.linked(false);
          },
          back: async () => {
            h.proxy.comeBack();
            await h.linked(true);
          },
        },
      ];
      // All three, one after the other, and only then the wait for the CDRs: what is still open at one outage outlives the next.
      const rounds: ({ outage: Outage } & Awaited<ReturnType<typeof live>>)[] = [];
      for (const [round, outage] of outages.entries())
        rounds.push({ outage, ...(await live(h, outage, round + 1)) });
      for (const { outage, lived, ...away } of rounds) {
        t.comment(`${outage.name}: nobody watched for ${away.awayTo - away.awayFrom} ms`);
        const open = async () =>
          (await h.catalogue.calls.list({ limit: 200 })).filter(
            (c) => c.endedAt === null || c.coverage.status === 'pending',
          );
        await until('every call is accounted for', async () => (await open()).length === 0).catch(async () =>
          t.same(await open(), [], `${outage.name}: no call stays open`),
        );
        const context = { ...away, reason: outage.reason };
        const faults = async () => {
          const calls = await h.catalogue.calls.list({ limit: 200 });
          return Promise.all(lived.map((one) => faultsOf(h, one, { ...context, calls })));
        };
        await until('a CDR of each', async () =>
          (await faults()).flat().every((f) => !/CDR|rows/.test(f)),
        ).catch(() => {}); // what is missing is told below
        for (const [i, found] of (await faults()).entries())
          t.same(found, [], `${outage.name}: a call that ${lived[i]!.what} (${lived[i]!.number})`);
        const windows = await h.catalogue.watch.windows({ from: away.awayFrom, to: away.awayTo });
        t.equal(windows.length, 1, `${outage.name}: one monitoring gap`);
        t.ok(
          windows[0]!.from <= away.leftAt + SLACK && windows[0]!.to! >= away.backFrom - SLACK,
          `${outage.name}: which is as long as the outage`,
          { ...away, windows },
        );
      }
      t.match(
        await h.recorder.command(['coverage']),
        { code: 0, out: /Monitoring gaps .*: 3\n *from +to +reason\n( *2.*\n){3}/ },
        'tapedeck coverage lists the gaps',
      );
    });
});
