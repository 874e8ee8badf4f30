import { useEffect, useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { api, type CallDetail, type DirectiveKind } from '../state/api.js';

/** So long after a call its recording can still be kept, in ms. */
const KEEP_WITHIN_MS = 60_000;

/** So long after a decline the person who said it can take it back, in ms. */
const UNDO_WITHIN_MS = 5_000;

/**
 * How a call stands by what was said of it: of contrary words the newest holds, of answers the newest of each who gave one.
 * `declined`: by whom, where somebody refuses; what a party on the phone refused, nobody takes back for them.
 */
function standing({ directives }: CallDetail) {
  const last = (...kinds: DirectiveKind[]) =>
    directives.findLast(({ kind }) => kinds.some((one) => one === kind))?.kind;
  const answers = new Map(
    directives.flatMap(({ kind, leg }) =>
      kind === 'decline' || kind === 'allow' ? [[leg, kind] as const] : [],
    ),
  );
  const refusing = [...answers].flatMap(([leg, kind]) => (kind === 'decline' ? [leg] : []));
  return {
    stopped: directives.some(({ kind }) => kind === 'stop'),
    masked: last('mask', 'resume') === 'mask',
    declined: refusing.length === 0 ? null : refusing.every((leg) => leg === null) ? 'ours' : 'theirs',
    stated: answers.get(null) === 'allow',
    kept: last('keep') === 'keep',
  };
}

/** Whether somebody refuses that a call is recorded. */
export const isDeclined = (call: CallDetail): boolean => standing(call).declined !== null;

/** What can be said of a call as it stands. */
function possible(call: CallDetail, undoable: boolean): Said[] {
  const { stopped, masked, declined, kept, stated } = standing(call);
  const asked = call.decision?.outcome === 'on_demand' && !kept ? (['keep'] as const) : [];
  if (call.state === 'ended') {
    const since = Date.now() - Date.parse(call.ended_at ?? call.started_at);
    return call.coverage.status === 'pending' && since < KEEP_WITHIN_MS ? [...asked] : [];
  }
  if (call.state !== 'live' || call.decision?.outcome === 'skip') return [];
  if (declined === 'ours') return [undoable ? 'undo' : 'allow'];
  if (declined) return [];
  const mayState = call.told?.mode === 'ask' && call.told.stated_is_enough && !stated;
  return [
    ...asked,
    ...(mayState ? (['allow'] as const) : []),
    ...(stopped ? [] : [masked ? ('resume' as const) : ('mask' as const)]),
    'decline',
  ];
}

type Said = DirectiveKind | 'undo';

/** Whether this person has just declined, and can still take that back. */
function useUndo(id: string) {
  const [of, setOf] = useState<string | null>(null);
  useEffect(() => {
    if (of === null) return;
    const over = setTimeout(() => setOf(null), UNDO_WITHIN_MS);
    return () => clearTimeout(over);
  }, [of]);
  return [of === id, (on: boolean) => setOf(on ? id : null)] as const;
}

/** What somebody says about the recording of a call while it goes on. `done`: it has been carried out. */
export function Controls({ call, done }: { call: CallDetail; done: () => void }) {
  const { busy, problem, setProblem, send } = useSending();
  const [undoable, setUndoable] = useUndo(call.id);
  const kinds = call.you.rights.includes('direct') ? possible(call, undoable) : [];
  const { stopped, masked, kept, declined } = standing(call);
  const theirs = call.state === 'live' && declined === 'theirs';
  if (kinds.length === 0 && problem === null && !theirs) return null;
  const say = (kind: Said) => {
    setProblem(null);
    send(async () => {
      await api.direct(call.id, kind);
      setUndoable(kind === 'decline');
      announce(t.call.controls.done[kind]);
      done();
    });
  };
  return (
    <section class="call-controls" aria-label={t.call.controls.title}>
      {stopped && call.state === 'live' && <p class="call-control-note">{t.call.controls.stopped}</p>}
      {masked && !stopped && <p class="call-control-note">{t.call.controls.masked}</p>}
      {kept && call.state === 'live' && <p class="call-control-note">{t.call.controls.kept}</p>}
      {undoable && declined === 'ours' && <p class="call-control-note">{t.call.controls.undoable}</p>}
      {theirs && <p class="call-control-note">{t.call.controls.theirs}</p>}
      <div class="call-control-row">
        {kinds.map((kind) => (
          <button
            key={kind}
            type="button"
            class={`button${kind === 'decline' ? ' button-alarm' : ''}`}
            disabled={busy}
            title={t.call.controls.help[kind]}
            onClick={() => say(kind)}
          >
            {t.call.controls.words[kind]}
          </button>
        ))}
      </div>
      {problem !== null && <ErrorNote problem={problem} />}
    </section>
  );
}
