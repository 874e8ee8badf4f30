import type { Test } from 'tap';
import { ulid } from 'ulid';
import { type AssureDeps, createAssure } from '../../daemon/assurance/assure.js';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import { createCdrJournal } from '../../daemon/cdr/journal.js';
import type { Cdr } from '../../daemon/domain/assurance/cdr.js';
import {
  bounds,
  type CoverageRow,
  createReport,
  type FILTERS,
  type Period,
} from '../../daemon/domain/assurance/coverage.js';
import { catalogueFile, cdrJournalFile } from '../../daemon/domain/paths.js';
import { FIRST } from '../../daemon/domain/pbx.js';
import type { Coverage } from '../../daemon/domain/recording/recording.js';
import { createLog } from '../../daemon/ops/log.js';
import { alarmBoard } from './alarm-board.js';
import { freshCatalogue } from './catalogue/fresh.js';
import { aCall, aRecording } from './recordings/a-call.js';

/** 25 November 2026, 09:00 UTC. */
export const T0 = Date.UTC(2026, 10, 25, 9);
export const recorded: Coverage = { status: 'recorded', why: null, rule: null, missingMs: 0 };
export const log = createLog('silent', 'test');

/** The account of a period, with all that is asked for, newest first. */
export function reportOf(rows: CoverageRow[], period: Period, asked: Parameters<typeof createReport>[1]) {
  const counting = createReport(period, asked);
  return { listed: counting.add(rows), ...counting.counted() };
}

export const channel = (endpoint: string, linkedid: string) =>
  `PJSIP/${endpoint}-${linkedid.replace(/\D/g, '').slice(-8).padStart(8, '0')}`;

export function aCdr(linkedid: string, more: Partial<Cdr> = {}): Cdr {
  const startAt = more.startAt ?? T0;
  return {
    pbx: FIRST,
    ...{ linkedid, uniqueid: linkedid, channel: channel('trunk', linkedid), peer: channel('101', linkedid) },
    ...{ src: '+15550123', dst: '5550100', name: 'Ada Caller', context: 'from-trunk', app: 'Dial' },
    ...{ startAt, answerAt: startAt + 5_000, endAt: startAt + 35_000, disposition: 'ANSWERED', ahead: 0 },
    ...more,
  };
}

/** The story over a real catalogue, with a clock to be turned by hand and alarms to be looked at. */
export async function ledger(t: Test, more: Partial<AssureDeps> = {}, dir = t.testdir()) {
  const path = catalogueFile(dir);
  const catalogue = { path, ...createSqliteCatalogue({ path: await freshCatalogue(path) }) };
  await catalogue.start();
  const clock = { ms: T0 };
  const say = (at: number) => new Date(at).toISOString().slice(0, 19);
  const { standing, alarms } = alarmBoard(say);
  const assure = createAssure({
    ...{ pbx: FIRST, catalogue, alarms, sources: [], trunkContexts: ['from-trunk'], mint: ulid },
    ...{ say, clock: () => clock.ms, log },
    journal: createCdrJournal({ file: cdrJournalFile(dir) }),
    lost: () => {},
    pace: { grace: 20_000, look: 10, read: 1e9 },
    ...more,
  });
  assure.start();
  t.teardown(async () => {
    await assure.stop();
    await catalogue.stop();
  });
  const period = { from: '2026-11-24', to: '2026-11-26', zone: 'UTC' };
  return {
    ...{ catalogue, clock, standing, assure },
    /** A call with its recording, as the other stories leave it. */
    async record(n: number, startedAt: number) {
      const call = aCall(ulid(startedAt), { startedAt, linkedids: [`${T0 / 1000}.${n}`] });
      await catalogue.calls.save(call);
      await catalogue.recordings.sealed(aRecording(ulid(startedAt), call.id), new Uint8Array(), recorded);
      return call;
    },
    async report(filter: (typeof FILTERS)[number] = 'exceptions') {
      const witness = await catalogue.ledger.witness(FIRST);
      return reportOf((await catalogue.ledger.rows(bounds(period))).items, period, {
        ...{ filter, witness: () => witness, now: clock.ms },
      });
    },
  };
}
export const link = (n: number) => `${T0 / 1000}.${n}`;
