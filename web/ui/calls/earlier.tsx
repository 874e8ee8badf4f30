import { useEffect, useState } from 'preact/hooks';
import { Dialog } from '../kit/dialog.js';
import { ErrorNote } from '../kit/error-note.js';
import { useSending } from '../kit/use-form.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { dateAndClock } from '../messages/when.js';
import { instantText } from '../player/instant.js';
import { proven } from '../sign-in/proof-dialog.js';
import { api, type CallDetail, type Earlier } from '../state/api.js';
import { forPerson } from '../state/opened-for.js';
import { mayDo } from '../state/rights.js';
import { CallLine, ReasonField, useReason } from './call-reason.js';
import { EvidenceButton } from './evidence.js';

type Version = Earlier['versions'][number];

/** The versions from before the redactions of a recording, and how somebody may come to hear one that was kept. */
export function EarlierVersions({ call }: { call: CallDetail }) {
  const [found, setFound] = useState<Earlier | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [changed, setChanged] = useState(0);
  const redacted = call.recording?.redaction != null;
  useEffect(() => {
    if (redacted) api.versions(call.id).then(setFound, setProblem);
  }, [call.id, call.recording?.id, redacted, changed]);
  if (!redacted) return null;
  const again = () => setChanged((n) => n + 1);
  return (
    <section class="earlier" aria-labelledby="earlier-title">
      <h3 id="earlier-title">{t.redact.earlier.title}</h3>
      {problem !== null && <ErrorNote problem={problem} />}
      {found && (
        <ul>
          {found.versions.map((one) => (
            <OneVersion key={one.recording} call={call} version={one} again={again} />
          ))}
        </ul>
      )}
    </section>
  );
}

type Props = { call: CallDetail; version: Version; again: () => void };

function OneVersion({ call, version: v, again }: Props) {
  const words = t.redact.earlier;
  const [playing, setPlaying] = useState(false);
  const until = v.until === null ? '' : dateAndClock(v.until);
  const open = v.access === 'waiting' || v.access === 'cooling' || v.access === 'approved';
  const audio = `/api/v1/recordings/${encodeURIComponent(v.recording)}/earlier/audio`;
  return (
    <li>
      <p>
        <strong>{words.version({ version: v.version })}</strong>{' '}
        <Verbatim
          text={t.redact.facts({ by: v.redacted_by, when: dateAndClock(v.redacted_at), reason: v.reason })}
        />
      </p>
      <p class="quiet">
        {words.silenced}{' '}
        {v.stretches
          .map(({ side, from_ms: from, until_ms: to }) =>
            words.stretch({
              side: t.redact.sides[side] ?? side,
              from: instantText(from),
              until: instantText(to),
            }),
          )
          .join('; ')}
      </p>
      <p class="quiet">
        {v.kept
          ? words.kept
          : v.erased_at === null
            ? words.destroyed
            : words.erased({ when: dateAndClock(v.erased_at) })}
      </p>
      {v.kept && v.access && <p role="status">{words.access[v.access]({ until })}</p>}
      <div class="earlier-acts">
        {v.kept && v.access === 'approved' && !playing && (
          <button type="button" class="button" onClick={() => setPlaying(true)}>
            {words.play}
          </button>
        )}
        {v.kept && v.access === 'approved' && call.you.rights.includes('download') && (
          <a class="button" href={forPerson(`${audio}?download=1`)} download>
            {words.download}
          </a>
        )}
        {v.kept && v.access === 'approved' && <EvidenceButton call={call} recording={v.recording} />}
        {v.may_ask && !open && (
          <WithReason
            call={call}
            id={`ask-${v.recording}`}
            words={words.ask}
            act={(why) => api.askEarlier(v.recording, why)}
            again={again}
          />
        )}
        {v.kept && mayDo('settings') && (
          <WithReason
            call={call}
            id={`erase-${v.recording}`}
            words={words.erase}
            act={(why) => proven(() => api.eraseEarlier(v.recording, why))}
            again={again}
          />
        )}
      </div>
      {playing && (
        // biome-ignore lint/a11y/useMediaCaption: a telephone call has no captions
        <audio controls autoplay src={forPerson(audio)} aria-label={words.version({ version: v.version })} />
      )}
    </li>
  );
}

type ReasonProps = {
  call: CallDetail;
  id: string;
  words: Record<'button' | 'title' | 'what' | 'label' | 'help' | 'missing' | 'busy', string>;
  act: (reason: string) => Promise<unknown>;
  again: () => void;
};

/** A button, and a dialog that asks for the reason. */
function WithReason({ call, id, words, act, again }: ReasonProps) {
  const [open, setOpen] = useState(false);
  const reason = useReason(`${id}-reason`);
  const { busy, problem, send } = useSending();
  const submit = async (event: Event) => {
    event.preventDefault();
    if (reason.text === '') return reason.miss();
    if (!(await send(() => act(reason.text)))) return;
    setOpen(false);
    again();
  };
  return (
    <>
      <button type="button" class="button" onClick={() => setOpen(true)}>
        {words.button}
      </button>
      {open && (
        <Dialog title={words.title} onClose={() => setOpen(false)}>
          <form class="dialog-body" noValidate onSubmit={submit}>
            <CallLine call={call} />
            <p>{words.what}</p>
            {problem !== null && <ErrorNote problem={problem} />}
            <ReasonField reason={reason} words={words} />
            <div class="dialog-acts">
              <button type="button" class="button" onClick={() => setOpen(false)}>
                {t.common.cancel}
              </button>
              <button type="submit" class="button button-main" disabled={busy}>
                {busy ? words.busy : words.button}
              </button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}
