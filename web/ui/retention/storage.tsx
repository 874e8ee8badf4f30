import { useEffect } from 'preact/hooks';
import { State } from '../health/health-facts.js';
import { JobPanel } from '../health/job-panel.js';
import { ErrorNote } from '../kit/error-note.js';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { count } from '../messages/locale.js';
import { clean } from '../messages/numbers.js';
import { size } from '../messages/when.js';
import { api, type FullStatus } from '../state/api.js';
import { type Retention, retentionApi } from '../state/api-retention.js';
import { status } from '../state/live.js';
import { useView } from '../state/use-view.js';

const FRESH_MS = 5_000;

/** Where recordings lie, how much room is left there, and what is done when there is none. */
export function Storage({ set }: { set: Retention['storage'] }) {
  const { view: s, problem, load } = useView(api.status, status.value);
  useEffect(() => {
    const timer = setInterval(load, FRESH_MS);
    return () => clearInterval(timer);
  }, []);
  const words = t.storage;
  const days = set.archive_after_days;
  const order = set.when_full.filter((way) => way !== 'archive' || days !== null);
  return (
    <section aria-labelledby="storage">
      <h2 id="storage">{words.title}</h2>
      <p class="quiet">
        {days === null ? words.noArchive : words.moves({ days })} {words.whenFull({ order })}
      </p>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {s?.daemon === 'down' && <p>{words.down}</p>}
      {s?.daemon === 'up' && <Places s={s} />}
      {s?.daemon === 'up' && days !== null && (
        <JobPanel
          {...{
            jobs: s.jobs,
            kind: 'archive',
            words: words.move,
            start: {
              does: retentionApi.moveToArchive,
              label: words.move.start,
              begun: words.move.begun,
            },
            reload: load,
          }}
        />
      )}
    </section>
  );
}

function Places({ s: { disk, stored, archive } }: { s: FullStatus }) {
  const { columns, ...words } = t.storage;
  return (
    <table class="table storage-places">
      <TableHead columns={columns} />
      <tbody>
        <tr>
          <th scope="row">{words.hot}</th>
          <Held held={stored} />
          <td>
            <TableLabel name={columns.free} />
            {disk ? free(disk) : words.unknown}
          </td>
          <td>
            <TableLabel name={columns.forecast} />
            {words.days({ days: disk?.days_left == null ? null : Math.floor(disk.days_left) })}
          </td>
        </tr>
        {archive && (archive.directory !== '' || archive.archive.recordings > 0) && (
          <tr>
            <th scope="row">
              {words.archive} <Verbatim text={clean(archive.directory)} class="quiet" />
            </th>
            <Held held={archive.archive} />
            <td>
              <TableLabel name={columns.free} />
              <ArchiveRoom archive={archive} />
            </td>
            <td>
              <TableLabel name={columns.forecast} />
              {words.noForecast}
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

type Archive = NonNullable<FullStatus['archive']>;

function Held({ held }: { held: FullStatus['stored'] }) {
  const { columns } = t.storage;
  return (
    <>
      <td>
        <TableLabel name={columns.recordings} />
        {count(held.recordings)}
      </td>
      <td>
        <TableLabel name={columns.size} />
        {size(held.bytes)}
      </td>
    </>
  );
}

const free = (room: { free_bytes: number; total_bytes: number }) =>
  t.storage.free({
    ...{ free: size(room.free_bytes), total: size(room.total_bytes) },
    share: room.total_bytes === 0 ? 0 : room.free_bytes / room.total_bytes,
  });

function ArchiveRoom({ archive: { problem, free_bytes, total_bytes, to_remove } }: { archive: Archive }) {
  if (problem === null && free_bytes !== null && total_bytes !== null)
    return <>{free({ free_bytes, total_bytes })}</>;
  return (
    <>
      {problem === null ? (
        t.storage.unknown
      ) : (
        <State good={false}>
          <Verbatim text={clean(problem)} />
        </State>
      )}
      {to_remove > 0 && <div>{t.health.archiveLeft(to_remove)}</div>}
    </>
  );
}
