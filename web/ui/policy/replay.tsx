import { useState } from 'preact/hooks';
import { Dialog } from '../kit/dialog.js';
import { ErrorNote } from '../kit/error-note.js';
import { Moment } from '../kit/moment.js';
import { Sentence } from '../kit/sentence.js';
import { useSending } from '../kit/use-form.js';
import { PartyName } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import type { Policy, When } from '../state/api.js';
import { type Replay, type ReplayExample, type ReplayKind, rulesApi } from '../state/api-rules.js';
import { CONDITIONS } from './conditions.js';

/** Fewer of these is what somebody may not want. */
const LOSSES: readonly ReplayKind[] = ['no_longer', 'less'];
const KINDS: readonly ReplayKind[] = ['no_longer', 'less', 'newly', 'more', 'shorter', 'longer'];

/** How many calls would be recorded no longer, or no longer in any case. */
const lost = ({ found }: Replay): number => LOSSES.reduce((sum, kind) => sum + found[kind].calls, 0);

/** What rules would have decided about the calls of the last 30 days, as far as it was asked. */
export function useReplay() {
  const [said, setSaid] = useState<{ of: Policy; replay: Replay } | null>(null);
  const { busy, problem, send } = useSending();
  const ask = async (policy: Policy): Promise<Replay | null> => {
    if (said?.of === policy) return said.replay;
    let replay: Replay | null = null;
    await send(async () => {
      replay = await rulesApi.replay(policy);
      setSaid({ of: policy, replay });
    });
    return replay;
  };
  return {
    busy,
    problem,
    ask,
    of: (policy: Policy): Replay | null => (said?.of === policy ? said.replay : null),
    /** The result that has to be looked at before these rules are saved; null where nobody loses a recording, or it was seen. */
    async warning(policy: Policy): Promise<Replay | null> {
      if (said?.of === policy) return null;
      const replay = await ask(policy);
      return replay && lost(replay) > 0 ? replay : null;
    },
  };
}
export type ReplayOf = ReturnType<typeof useReplay>;

/** Asks what the rules in the form would have done, and says it. */
export function ReplaySection({ replay, policy }: { replay: ReplayOf; policy: Policy }) {
  const { busy, problem, ask } = replay;
  const result = replay.of(policy);
  return (
    <section class="rules replay" aria-labelledby="replay-title">
      <h2 id="replay-title">{t.rules.replay.title}</h2>
      <p class="quiet">{t.rules.replay.intro}</p>
      <p>
        <button type="button" class="button" disabled={busy} onClick={() => ask(policy)}>
          {busy ? t.rules.replay.busy : t.rules.replay.button}
        </button>
      </p>
      {problem !== null && <ErrorNote problem={problem} />}
      <div role="status">{result && <ReplayResult replay={result} />}</div>
    </section>
  );
}

type ConfirmProps = { replay: Replay; save: () => void; close: () => void };

/** Says what would be lost before rules are saved. */
export function ReplayDialog({ replay, save, close }: ConfirmProps) {
  return (
    <Dialog title={t.rules.replay.confirm} onClose={close}>
      <div class="dialog-body">
        <ReplayResult replay={replay} />
        <div class="dialog-acts">
          <button type="button" class="button" onClick={close}>
            {t.rules.replay.cancel}
          </button>
          <button type="button" class="button button-main" onClick={save}>
            {t.rules.replay.save}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

function ReplayResult({ replay }: { replay: Replay }) {
  const { calls, complete, found, unknown } = replay;
  const kinds = KINDS.filter((kind) => found[kind].calls > 0);
  return (
    <div class="replay-result">
      {kinds.length === 0 ? (
        <p class="save-done">{t.rules.replay.same({ n: calls })}</p>
      ) : (
        <>
          <p class="quiet">{t.rules.replay.of({ n: calls })}</p>
          <ul class="replay-kinds">
            {kinds.map((kind) => (
              <li key={kind} class={LOSSES.includes(kind) ? 'replay-lost' : ''}>
                <p>{t.rules.replay.found[kind](found[kind].calls)}</p>
                <Examples kind={kind} examples={found[kind].examples} />
              </li>
            ))}
          </ul>
        </>
      )}
      {!complete && <p class="quiet">{t.rules.replay.part({ n: 100_000 })}</p>}
      {unknown.map(({ condition, calls: n }) => (
        <p key={condition} class="quiet">
          {t.rules.replay.unknown({ n, condition: labelOf(condition) })}
        </p>
      ))}
    </div>
  );
}

const labelOf = (condition: string): string =>
  Object.hasOwn(CONDITIONS, condition) ? t.policy.form.conditions[condition as keyof When] : clean(condition);

function Examples({ kind, examples }: { kind: ReplayKind; examples: ReplayExample[] }) {
  if (examples.length === 0) return null;
  const said = kind === 'shorter' || kind === 'longer' ? keeping : recording;
  return (
    <details>
      <summary>{t.rules.replay.examples({ n: examples.length })}</summary>
      <ul class="replay-examples">
        {examples.map((one) => (
          <li key={one.call_id}>
            <p>
              <a href={`/calls/${encodeURIComponent(one.call_id)}`}>
                <PartyName party={one.them} />
              </a>{' '}
              <span class="quiet">
                <Sentence of={t.calls.with} parts={{ us: <PartyName party={one.us} /> }} />
                {' · '}
                <Moment at={one.started_at} />
              </span>
            </p>
            <p>{t.rules.replay.instead({ before: said(one.before), after: said(one.after) })}</p>
          </li>
        ))}
      </ul>
    </details>
  );
}

type Decided = ReplayExample['before'];
const by = (what: string, rule: string | null): string =>
  rule === null ? t.rules.replay.byDefault({ what }) : t.rules.replay.byRule({ what, name: clean(rule) });
const recording = ({ outcome, rule }: Decided): string => by(t.rules.replay.outcomes[outcome], rule);
const keeping = ({ keep_days: days, keep_rule: rule }: Decided): string =>
  by(t.rules.replay.kept({ days }), rule);
