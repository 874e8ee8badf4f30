import { useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { Moment } from '../kit/moment.js';
import { Sentence } from '../kit/sentence.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { api, type FullStatus, type Job } from '../state/api.js';
import { second } from '../state/live.js';
import { mayDo } from '../state/rights.js';
import { State } from './health-facts.js';

type Ended = { when: string; n: number; faults: number };
/** What is said of a kind of job. */
export type JobWords = {
  cancel: string;
  wasCancelled: string;
  label: string;
  waiting: string;
  progress: (at: { done: number; total: number; faults: number; perMinute: number | null }) => string;
  paused: string;
  done: (ended: Ended) => string;
  cancelled: (ended: Ended) => string;
  failed: (ended: Ended) => string;
};

type Props = {
  jobs: FullStatus['jobs'];
  kind: string;
  words: JobWords;
  /** What begins one, where the page does. */
  start?: { does: () => Promise<unknown>; label: string; begun: string };
  reload: () => void;
};

/** Long work that the recorder does: how far the newest of its kind is, or how it ended, and the button for it. */
export function JobPanel({ jobs, kind, words, start, reload }: Props) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const job = jobs.find((one) => one.kind === kind) ?? null;
  const open = job !== null && job.ended_at === null;

  async function act(ask: () => Promise<unknown>, said: string) {
    setBusy(true);
    setProblem(null);
    try {
      await ask();
      announce(said);
    } catch (cause) {
      setProblem(cause);
    }
    setBusy(false);
    reload();
  }

  return (
    <div class="health-job">
      {job && (open ? <Progress job={job} words={words} /> : <Result job={job} words={words} />)}
      {problem !== null && <ErrorNote problem={problem} />}
      {mayDo('settings') && (open || start) && (
        <p>
          <button
            type="button"
            class="button"
            disabled={busy}
            onClick={() =>
              open
                ? act(() => api.cancelJob(job.id), words.wasCancelled)
                : start && act(start.does, start.begun)
            }
          >
            {open ? words.cancel : start?.label}
          </button>
        </p>
      )}
    </div>
  );
}

type OfJob = { job: Job; words: JobWords };

const MINUTE_MS = 60_000;

function Progress({ job: { done, total, faults, error, started_at: started }, words }: OfJob) {
  const ms = started === null ? 0 : second.value - Date.parse(started);
  const perMinute = ms < MINUTE_MS ? null : Math.round((done * MINUTE_MS) / ms);
  return (
    <>
      <p>{total === null ? words.waiting : words.progress({ done, total, faults, perMinute })}</p>
      {total !== null && (
        <progress class="health-progress" value={done} max={Math.max(total, 1)} aria-label={words.label} />
      )}
      {error && (
        <p>
          <State good={false}>{words.paused}</State> <Why error={error} />
        </p>
      )}
    </>
  );
}

function Result({ job, words }: OfJob) {
  const { state, done, faults, error } = job;
  const when = <Moment at={job.ended_at ?? job.asked_at} />;
  const said = state === 'done' ? words.done : state === 'cancelled' ? words.cancelled : words.failed;
  const good = state === 'done' && faults === 0;
  const result = <Sentence of={(marks) => said({ ...marks, n: done, faults })} parts={{ when }} />;
  return (
    <>
      <p>{good || state === 'cancelled' ? result : <State good={false}>{result}</State>}</p>
      {error && (
        <p>
          <Why error={error} />
        </p>
      )}
    </>
  );
}

/** An error of the recorder's, in the words of the page where it has any. */
function Why({ error: { code, message } }: { error: NonNullable<Job['error']> }) {
  const known = t.errors.server[code];
  return known ? <span>{known.message}</span> : <Verbatim text={message} />;
}
