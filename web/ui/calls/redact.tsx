import { useEffect, useState } from 'preact/hooks';
import { Dialog } from '../kit/dialog.js';
import { ErrorNote } from '../kit/error-note.js';
import { Field } from '../kit/field.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { dateAndClock } from '../messages/when.js';
import { instantOf, instantText } from '../player/instant.js';
import { player } from '../player/player.js';
import { type Picked, StretchPicker } from '../player/stretch-picker.js';
import { proofAsked, proven } from '../sign-in/proof-dialog.js';
import { api, type CallDetail, type Earlier, type Recording, type Redacted } from '../state/api.js';
import { mayDo } from '../state/rights.js';
import { CallLine, ReasonField, useReason } from './call-reason.js';

type Side = Picked['side'];
/** Times as they were entered. `key`: of its place on the page. */
type Entered = { key: number; side: Side; from: string; until: string };

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
  const [entered, setEntered] = useState<readonly Entered[]>(() => [fresh(0, call)]);
  const [current, setCurrent] = useState(0);
  const [keep, setKeep] = useState(false);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [done, setDone] = useState<Redacted | null>(null);
  const [rule, setRule] = useState<Earlier['rule']>(null);
  useEffect(() => {
    api.versions(call.id).then((all) => setRule(all.rule), setProblem);
  }, [call.id]);
  const within = (text: string) => {
    const ms = instantOf(text);
    return ms !== null && ms <= recording.duration_ms ? ms : null;
  };
  const picked = entered.map(
    ({ side, from, until }): Picked => ({ side, from: within(from), until: within(until) }),
  );
  const whole = picked.flatMap(({ side, from, until }) =>
    from !== null && until !== null && until > from ? [{ side, from_ms: from, until_ms: until }] : [],
  );
  const set = (index: number, part: Partial<Entered>) => {
    setCurrent(index);
    setEntered(entered.map((one, i) => (i === index ? { ...one, ...part } : one)));
  };
  const add = () => {
    const key = Math.max(...entered.map((one) => one.key)) + 1;
    setCurrent(entered.length);
    setEntered([...entered, fresh(key, call)]);
    requestAnimationFrame(() => document.getElementById(`redact-${key}-from`)?.focus());
  };
  const remove = (index: number) => {
    setCurrent(0);
    setEntered(entered.filter((_, i) => i !== index));
    requestAnimationFrame(() => document.getElementById('redact-add')?.focus());
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (whole.length < entered.length) return;
    if (reason.text === '') return reason.miss();
    setBusy(true);
    setProblem(null);
    try {
      const older = keep ? ('keep' as const) : ('destroy' as const);
      setDone(await proven(() => api.redact(recording.id, { stretches: whole, reason: reason.text, older })));
    } catch (cause) {
      setProblem(cause);
    }
    setBusy(false);
  };
  const heard = player.call.value?.id === call.id && player.canPlay;
  return (
    <Dialog title={t.redact.title} onClose={onClose}>
      <form class="dialog-body" noValidate onSubmit={submit}>
        <CallLine call={call} />
        {problem !== null && <ErrorNote problem={problem} />}
        <div role="status">{done && <Done done={done} />}</div>
        {!done && (
          <>
            <p>{t.redact.intro}</p>
            <p class="field-help">{t.redact.drag}</p>
            <StretchPicker
              peaks={player.call.value?.id === call.id ? player.peaks.value : null}
              total={recording.duration_ms}
              stretches={picked}
              current={current}
              change={(i, { from, until }) => set(i, { from: instantText(from), until: instantText(until) })}
            />
            {entered.map((one, i) => (
              <OneStretch
                key={one.key}
                n={i + 1}
                of={entered.length}
                call={call}
                entered={one}
                picked={picked[i]!}
                tried={tried}
                set={(part) => set(i, part)}
                choose={() => setCurrent(i)}
                remove={entered.length > 1 ? () => remove(i) : null}
                heard={heard}
              />
            ))}
            <div>
              <button id="redact-add" type="button" class="button" onClick={add}>
                {t.redact.add}
              </button>
            </div>
            <ReasonField reason={reason} words={t.redact} last />
            {rule === null && (
              <label class="check">
                <input type="checkbox" checked={keep} onChange={(e) => setKeep(e.currentTarget.checked)} />
                {t.redact.keep}
              </label>
            )}
            <p>
              <strong>{rule === null ? t.redact.undo : t.redact.rule[rule]}</strong>
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

type OneProps = {
  n: number;
  of: number;
  call: CallDetail;
  entered: Entered;
  picked: Picked;
  tried: boolean;
  set: (part: Partial<Entered>) => void;
  /** Has a drag over the recording set this one. */
  choose: () => void;
  remove: (() => void) | null;
  /** Whether it can be listened to. */
  heard: boolean;
};

/** One stretch that becomes silent: its times, its side, and its sound before. */
function OneStretch(props: OneProps) {
  const { n, of, call, entered, picked, tried, set, remove, heard } = props;
  const { key, side } = entered;
  const { from, until } = picked;
  const whole = from !== null && until !== null && until > from;
  const lateFault = until === null ? t.redact.badTime : t.redact.badOrder;
  const time = (end: 'from' | 'until', error: string | undefined) => (
    <Field
      {...{ id: `redact-${key}-${end}`, label: t.redact[end], value: entered[end], error }}
      onInput={(text) => set({ [end]: text })}
      maxLength={12}
      narrow
    >
      <button type="button" class="button" onClick={() => set({ [end]: position(call) })}>
        {t.redact.here}
      </button>
    </Field>
  );
  return (
    <fieldset class="stretch" onFocusCapture={props.choose}>
      {of > 1 && <legend>{t.redact.stretch({ n, of })}</legend>}
      <div class="stretch-times">
        {time('from', tried && from === null ? t.redact.badTime : undefined)}
        {time('until', tried && from !== null && !whole ? lateFault : undefined)}
      </div>
      <p class="field-help">{t.redact.timeHelp}</p>
      <div class="field field-narrow">
        <label for={`redact-${key}-side`}>{t.redact.side}</label>
        <select
          id={`redact-${key}-side`}
          value={side}
          onChange={(e) => set({ side: e.currentTarget.value as Side })}
        >
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
            from: instantText(from),
            until: instantText(until),
          })}
        </p>
      )}
      <div class="stretch-acts">
        {heard && (
          <button
            type="button"
            class="button"
            disabled={!whole}
            onClick={() => whole && player.playStretch(from, until)}
          >
            {t.redact.listen}
          </button>
        )}
        {remove && (
          <button type="button" class="button" onClick={remove}>
            {t.redact.remove({ n })}
          </button>
        )}
      </div>
    </fieldset>
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

/** Where the player is in this recording, as "1:05.5". */
const position = (call: CallDetail): string =>
  player.call.value?.id === call.id ? instantText(Math.round(player.at.value / 100) * 100) : '0:00';

const fresh = (key: number, call: CallDetail): Entered => ({
  ...{ key, side: 'both', from: position(call), until: '' },
});
