import { setTimeout as wait } from 'node:timers/promises';
import { ask } from '../../../daemon/ops/control-client.js';
import { LIST, MATTER } from '../../support/catalogue/site-tables.js';
import type { ApiClient, RecorderLab } from '../../support/recorder.js';
import { beside, memoryOf, percentile, reportOf } from './beside.js';

/** MB above idle, and ms in which others are answered: 95 of 100 lists, 99 of 100 questions to the recorder. */
const BOUNDS = { memoryMb: 50, p95: 100, recorderP99: 100 };
const IDLE_MS = 15_000;

/**
 * Every table of the dashboard, and some of the reports that take their place. The others have as many rows as calls: `npm run
 * bench:reports` has those.
 */
const tables = (days: string): Record<string, string> => ({
  'audit log': '/audit.csv',
  retention: '/retention.csv',
  'coverage, all calls': `/coverage.csv?${days}&status=all`,
  'consent, all calls with a notice': `/consent-report.csv?${days}&show=all`,
  'consents and objections': '/consents.csv',
  'list of numbers': `/lists/${LIST}/numbers.csv`,
  'certificates of erasure': '/certificates.csv',
  'a matter that holds a queue': `/holds/${MATTER}/report.csv`,
  ...Object.fromEntries(
    ['consent', 'disposal', 'holds'].map((report) => [
      `report: ${report}`,
      `/reports/${report}/file?format=csv&${days}`,
    ]),
  ),
});

/**
 * Streams every CSV whole, while somebody else asks for the list of calls and the recorder for its status, ten times a second each. Prints
 * what that takes, and returns how many bounds were missed.
 */
export async function measureTables({
  lab,
  reads,
  lists,
  days,
  say,
}: {
  lab: RecorderLab;
  reads: ApiClient;
  lists: ApiClient;
  days: string;
  say: (text: string) => void;
}): Promise<number> {
  const [web, recorder] = [lab.pid('web')!, lab.pid('run')!];
  let missed = 0;
  const against = (value: number, bound: number): string => {
    if (value > bound) missed += 1;
    return `${value.toFixed(0)}${value > bound ? '!' : ''}`;
  };
  const line = (...[s, size, memory, median, p95, max, p99, what]: string[]) =>
    say(
      `${s!.padStart(6)} ${size!.padStart(7)} ${memory!.padStart(9)} ${median!.padStart(7)} ${p95!.padStart(6)} ${max!.padStart(6)} ${p99!.padStart(9)}  ${what}`,
    );
  const list = async () => {
    const answer = await lists.ask('GET', '/calls');
    if (!answer.ok) throw new Error(`/calls: ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
  };
  const status = () => ask(lab.dataDir, 'status');

  async function measured(what: string, work: () => Promise<{ bytes: number; report: Memory | null }>) {
    let most = 0;
    const watch = () => {
      most = Math.max(most, memoryOf(web));
    };
    const at = performance.now();
    const { done, took } = await beside(work(), [list, status, watch]);
    const [lists, statuses] = took as [number[], number[]];
    const over = most - idle;
    line(
      ((performance.now() - at) / 1_000).toFixed(1),
      (done.bytes / 1e6).toFixed(1),
      against(over, BOUNDS.memoryMb),
      percentile(lists, 0.5).toFixed(0),
      against(percentile(lists, 0.95), BOUNDS.p95),
      percentile(lists, 1).toFixed(0),
      against(percentile(statuses, 0.99), BOUNDS.recorderP99),
      what,
    );
    if (done.report)
      line(
        ...['', '', against(done.report.most - done.report.first, BOUNDS.memoryMb), '', '', '', ''],
        `its process, above its first byte (${done.report.most.toFixed(0)} MB in all)`,
      );
  }

  type Memory = { first: number; most: number };
  /** Reads an answer to its end as fast as it comes. */
  async function read(path: string): Promise<{ bytes: number; report: Memory | null }> {
    const answer = await reads.ask('GET', path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    const made = path.startsWith('/reports/') ? reportOf(recorder) : undefined;
    const first = made === undefined ? 0 : memoryOf(made);
    // A short one has ended by now.
    const report = first > 0 ? { first, most: first } : null;
    const watch = setInterval(() => {
      if (report) report.most = Math.max(report.most, memoryOf(made!));
    }, 100);
    let bytes = 0;
    for await (const chunk of answer.body!) bytes += chunk.length;
    clearInterval(watch);
    return { bytes, report };
  }

  let idle = memoryOf(web);
  say(
    '\ntables, streamed whole: s, MB, MB above idle; ms of the list of calls meanwhile; ms of the recorder',
  );
  line('s', 'MB', 'MB more', 'median', 'p95', 'max', 'rec. p99', '');
  line('', '', `${BOUNDS.memoryMb}`, '', `${BOUNDS.p95}`, '', `${BOUNDS.recorderP99}`, 'bound; ! is over it');
  await measured('nothing', () => wait(IDLE_MS, { bytes: 0, report: null }));
  idle = memoryOf(web);
  say(`${idle.toFixed(0)} MB when idle`);
  for (const [what, path] of Object.entries(tables(days))) await measured(what, () => read(path));
  return missed;
}
