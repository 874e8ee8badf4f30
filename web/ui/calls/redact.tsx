import { useState } from 'preact/hooks';
import { Dialog } from '../kit/dialog.js';
import { ErrorNote } from '../kit/error-note.js';
import { Field } from '../kit/field.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { dateAndClock, length } from '../messages/when.js';
import { player } from '../player/player.js';
import { proofAsked, proven } from '../sign-in/proof-dialog.js';
import { api, type CallDetail, type Recording, type Redacted } from '../state/api.js';
import { mayDo } from '../state/rights.js';
import { CallLine, ReasonField, useReason } from './call-reason.js';

type Side = 'both' | 'them' | 'us';

/** Leads to the redaction of a recording, for whoever may erase. */
export function RedactButton({ call }: { call: CallDetail }) {
  const [open, setOpen] = useState(false);
  const { recording } = call;
  if (!mayDo('settings') || recording?.state !== 'sealed') return null;
  return (
    <>
      <button type="button" class="button" onClick={() => setOpen(true)}>
        {t.redact.button}
      </button>
      {open && <RedactDialog call={call} recording={recording} onClose={() => setOpen(false)} />}
    </>
  );
}

function RedactDialog({
  call,
  recording,
  onClose,
}: {
  call: CallDetail;
  recording: Recording;
  onClose: () => void;
}) {
  const reason = useReason('redact-reason');
  const [from, setFrom] = useState(() => position(call));
  const [until, setUntil] = useState('');
  const [side, setSide] = useState<Side>('both');
  const [keep, setKeep] = useState(false);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [done, setDone] = useState<Redacted | null>(null);
  const within = (text: string) => {
    const ms = msOf(text);
    return ms !== null && ms <= recording.duration_ms ? ms : null;
  };
  const [fromMs, untilMs] = [within(from), within(until)];
  const whole = fromMs !== null && untilMs !== null && untilMs > fromMs;
  const submit = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (!whole) return;
    if (reason.text === '') return reason.miss();
    setBusy(true);
    setProblem(null);
    try {
      const stretches = [{ side, from_ms: fromMs, until_ms: untilMs }];
      const older = keep ? ('keep' as const) : ('destroy' as const);
      setDone(await proven(() => api.redact(recording.id, { stretches, reason: reason.text, older })));
    } catch (cause) {
      setProblem(cause);
    }
    setBusy(false);
  };
  const time = (
    id: string,
    label: string,
    value: string,
    set: (v: string) => void,
    error: string | undefined,
  ) => (
    <Field {...{ id, label, value, error }} onInput={set} help={t.redact.timeHelp} maxLength={12} narrow>
      <button type="button" class="button" onClick={() => set(position(call))}>
        {t.redact.here}
      </button>
    </Field>
  );
  return (
    <Dialog title={t.redact.title} onClose={onClose}>
      <form class="dialog-body" noValidate onSubmit={submit}>
        <CallLine call={call} />
        {problem !== null && <ErrorNote problem={problem} />}
        <div role="status">{done && <Done done={done} />}</div>
        {!done && (
          <>
            <p>{t.redact.intro}</p>
            {time(
              'redact-from',
              t.redact.from,
              from,
              setFrom,
              tried && fromMs === null ? t.redact.badTime : undefined,
            )}
            {time(
              'redact-until',
              t.redact.until,
              until,
              setUntil,
              tried && !whole && fromMs !== null
                ? untilMs === null
                  ? t.redact.badTime
                  : t.redact.badOrder
                : undefined,
            )}
            <div class="field field-narrow">
              <label for="redact-side">{t.redact.side}</label>
              <select id="redact-side" value={side} onChange={(e) => setSide(e.currentTarget.value as Side)}>
                {(['both', 'them', 'us'] as const).map((one) => (
                  <option key={one} value={one}>
                    {t.redact.sides[one]}
                  </option>
                ))}
              </select>
            </div>
            {whole && (
              <p role="status" class="note">
                {t.redact.preview({
                  side: t.redact.sides[side] ?? side,
                  from: length(fromMs),
                  until: length(untilMs),
                })}
              </p>
            )}
            <ReasonField reason={reason} words={t.redact} />
            <label class="check">
              <input type="checkbox" checked={keep} onChange={(e) => setKeep(e.currentTarget.checked)} />
              {t.redact.keep}
            </label>
            <p>
              <strong>{t.redact.undo}</strong>
            </p>
          </>
        )}
        <div class="dialog-acts">
          <button type="button" class="button" onClick={onClose}>
            {done ? t.common.close : t.common.cancel}
          </button>
          {!done && (
            <button type="submit" class="button button-main" disabled={busy}>
              {busy && !proofAsked.value ? t.redact.busy : t.redact.make}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

function Done({ done }: { done: Redacted }) {
  return (
    <>
      <p>{t.redact.done({ version: done.version })}</p>
      <p>{done.left.length === 0 ? t.redact.none : t.redact.left}</p>
      {done.left.length > 0 && (
        <ul>
          {done.left.map(({ at, by, action }) => (
            <li key={`${at} ${by} ${action}`}>
              {dateAndClock(at)} <Verbatim text={by} /> {t.redact.took[action]}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** That the recording was redacted, by whom and why. */
export function RedactedNote({ call }: { call: CallDetail }) {
  const redaction = call.recording?.redaction;
  if (!redaction) return null;
  const { by, at, reason } = redaction;
  return (
    <p class="call-seal">
      <Verbatim text={t.redact.facts({ by, when: dateAndClock(at), reason })} />
    </p>
  );
}

/** Where the player is in this recording, as "1:05". */
const position = (call: CallDetail): string =>
  player.call.value?.id === call.id ? length(player.at.value) : '0:00';

/** "1:02:03.5" in ms; null for anything else. */
function msOf(text: string): number | null {
  const parts = text.trim().split(':');
  const right = parts.every((part, i) => (i === parts.length - 1 ? /^\d+([.,]\d+)?$/ : /^\d+$/).test(part));
  if (!right || parts.length > 3) return null;
  return Math.round(parts.reduce((sum, part) => sum * 60 + Number(part.replace(',', '.')), 0) * 1_000);
}
