import { useEffect, useState } from 'preact/hooks';
import { Moment } from '../../kit/moment.js';
import { Sentence } from '../../kit/sentence.js';
import { t } from '../../messages/language.js';
import { api, type Job } from '../../state/api.js';
import { status } from '../../state/live.js';

const LOOK_MS = 1_000;

/** How far existing recordings have their new dates, or how that ended. */
function useApplying(version: number): Job | null {
  const [job, setJob] = useState<Job | null>(null);
  const [looks, setLooks] = useState(0);
  const changed = status.value;
  useEffect(() => {
    let left = false;
    api.status().then(
      ({ jobs }) => {
        if (left) return;
        const found = jobs.find(({ kind }) => kind === 'apply_retention') ?? null;
        setJob(found);
        if (found && found.ended_at === null) setTimeout(() => setLooks((n) => n + 1), LOOK_MS);
      },
      () => {}, // the page says elsewhere that the recorder is away
    );
    return () => {
      left = true;
    };
  }, [looks, version, changed]);
  return job;
}

type Props = { version: number; preview: (() => void) | null; off: boolean };

/** What the rules do to recordings that there are: a look at it, and how far it is. */
export function ExistingRecordings({ version, preview, off }: Props) {
  const job = useApplying(version);
  const words = t.keeping.existing;
  return (
    <section class="rules replay" aria-labelledby="existing-title">
      <h2 id="existing-title">{words.title}</h2>
      <p class="quiet">{words.intro}</p>
      {preview && (
        <p>
          <button type="button" class="button" disabled={off} onClick={preview}>
            {words.button}
          </button>
        </p>
      )}
      <div role="status">{job && <Applying job={job} />}</div>
    </section>
  );
}

function Applying({ job: { state, done, total, error, ended_at, asked_at } }: { job: Job }) {
  const words = t.keeping.existing;
  if (ended_at === null)
    return (
      <>
        <p>{total === null ? words.counting : words.progress({ done, total })}</p>
        {total !== null && (
          <progress class="health-progress" value={done} max={Math.max(total, 1)} aria-label={words.label} />
        )}
      </>
    );
  const when = <Moment at={ended_at ?? asked_at} />;
  if (state === 'done')
    return (
      <p class="save-done">
        <Sentence of={(marks) => words.done({ ...marks, n: done })} parts={{ when }} />
      </p>
    );
  if (state === 'cancelled') return <p>{words.cancelled}</p>;
  return (
    <div class="note note-warn">
      <div>
        <p class="note-title">{words.failed}</p>
        {error && <p>{t.errors.server[error.code]?.message ?? error.message}</p>}
        {error && t.errors.server[error.code] && <p>{t.errors.server[error.code]!.hint}</p>}
      </div>
    </div>
  );
}
