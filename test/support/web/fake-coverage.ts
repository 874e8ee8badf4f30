import { makeCoverage, viewCoverage } from '../../../daemon/catalogue/coverage.js';
import type { Cdr } from '../../../daemon/domain/assurance/cdr.js';
import type { CoverageRow, Filter } from '../../../daemon/domain/assurance/coverage.js';
import { noted } from '../words.js';
import type { Made, State } from './fake-data.js';

const ms = (iso: string | null) => (iso === null ? null : Date.parse(iso));

/** The coverage report over made-up calls, a few of them at odds with the PBX. In `empty` and `down` no CDRs ever came. */
export async function coverageOf(
  state: State,
  { calls }: Made,
  now: number,
  query: { from?: string; to?: string; status?: string },
) {
  const heard = state !== 'empty' && state !== 'down';
  const rows = calls
    .filter((c) => c.ended_at !== null)
    .map((c, i): CoverageRow => {
      const answeredAt = ms(c.answered_at);
      const endedAt = ms(c.ended_at)!;
      const startedAt = ms(c.started_at)!;
      const off = i % 41 === 4 ? 8_000 : 0;
      const pbx = {
        ...{ id: c.id, linkedid: `${Math.floor(startedAt / 1000)}.${i}`, startedAt, answeredAt },
        ...{ endedAt: endedAt + off, src: c.them.number, dst: c.us.number, name: c.them.name, alone: false },
      };
      // The eleventh call is unknown to Tapedeck, the twelfth to the PBX.
      const unknown = heard && (state === 'hostile' ? i === 3 : i === 10 || (state === 'little' && i === 4));
      return {
        pbx: !heard || i === 5 ? null : pbx,
        call: unknown
          ? null
          : {
              ...{ id: c.id, direction: c.direction, startedAt, answeredAt, endedAt, them: c.them, us: c.us },
              coverage: { ...c.coverage, missingMs: c.coverage.status === 'partial' ? 14_000 : 0 },
              recordingMs: c.recording?.duration_ms ?? null,
              blind: false,
            },
      };
    });
  const day = 86_400_000;
  const catalogue = {
    coverageRows: async ({ from, to }: { from: number; to: number }) =>
      rows.filter(({ call, pbx }) => {
        const at = call?.startedAt ?? pbx!.startedAt;
        return at >= from && at < to;
      }),
    witness: async () => (heard ? { since: now - 400 * day, last: now } : null),
    ledgerSince: async () => now - 400 * day,
    cdrSources: async () =>
      heard
        ? [
            {
              ...{ name: 'AMI', since: now - 400 * day, readAt: now, lastAt: now - 60_000 },
              ...{ count: 51_234, problem: '' },
            },
            {
              ...{ name: 'cdr_mysql', since: now - 90 * day, readAt: now - 9 * day, lastAt: now - 9 * day },
              count: 2,
              problem:
                "/run/mysqld/mysqld.sock, asteriskcdrdb.cdr: Access denied for user 'tapedeck'@'localhost'",
            },
          ]
        : [],
    blindWindows: async () =>
      heard
        ? [{ from: now - 2 * day, to: now - 2 * day + 95_000, why: noted('The daemon was started anew.') }]
        : [],
    witnessGaps: async () =>
      heard
        ? [
            {
              from: now - 3 * day,
              to: now - 3 * day + 61_000,
              why: noted('The connection to AMI was closed.'),
            },
          ]
        : [],
    cdrsOf: async (ids: readonly string[]) =>
      new Map(ids.map((id) => [id, [cdrOf(rows.find(({ pbx }) => pbx?.id === id)!.pbx!)]])),
  };
  const asked = { ...query, filter: (query.status ?? 'exceptions') as Filter };
  return viewCoverage(catalogue, await makeCoverage(catalogue, asked, 'Europe/Berlin', now), 99.9);
}

const cdrOf = (pbx: NonNullable<CoverageRow['pbx']>): Cdr => ({
  ...{ linkedid: pbx.linkedid, uniqueid: pbx.linkedid },
  ...{ channel: 'PJSIP/trunk-0000002a', peer: 'PJSIP/112-0000002b' },
  ...{ src: pbx.src, dst: pbx.dst, name: pbx.name, context: 'from-trunk', app: 'Dial' },
  ...{ startAt: pbx.startedAt, answerAt: pbx.answeredAt, endAt: pbx.endedAt },
  ...{ disposition: 'ANSWERED', ahead: 0 },
});
