import { useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { t } from '../messages/language.js';
import { EraseDialog } from './erase-dialog.js';
import type { Picking } from './retention-table.js';

/** As many as can be erased by hand at once. */
const MOST_PICKED = 500;

/** Calls that somebody picks one by one, to erase their recordings. */
export function usePicking() {
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const picking: Picking = {
    picked,
    toggle: (call) => setPicked((now) => (now.has(call) ? without(now, [call]) : new Set([...now, call]))),
  };
  return { picking, picked, setPicked };
}
const without = (from: ReadonlySet<string>, calls: readonly string[]): ReadonlySet<string> =>
  new Set([...from].filter((call) => !calls.includes(call)));

type Props = {
  of: ReturnType<typeof usePicking>;
  /** All that are shown and can be picked; left out where they are picked one by one. */
  all?: readonly string[];
  cancel: () => void;
  done: (words: string) => void;
};

/** How many calls are picked, and what is done with them. */
export function PickBar({ of: { picked, setPicked }, all, cancel, done }: Props) {
  const [erasing, setErasing] = useState(false);
  const words = t.erase.selected({ n: picked.size });
  return (
    <section class="picked-bar" aria-label={words}>
      <p aria-live="polite">{words}</p>
      {all && (
        <button type="button" class="button" onClick={() => setPicked(new Set(all))}>
          {t.erase.selectAll}
        </button>
      )}
      <button
        type="button"
        class="button"
        onClick={() => {
          setPicked(new Set());
          cancel();
        }}
      >
        {t.erase.cancelSelect}
      </button>
      <button
        type="button"
        class="button button-alarm"
        disabled={picked.size === 0 || picked.size > MOST_PICKED}
        onClick={() => setErasing(true)}
      >
        {t.erase.eraseSelected({ n: picked.size })}
      </button>
      {picked.size > MOST_PICKED && <p class="field-error">{t.erase.tooMany({ n: MOST_PICKED })}</p>}
      {erasing && (
        <EraseDialog
          calls={[...picked]}
          leaveOut={(calls) => setPicked(without(picked, calls))}
          close={() => setErasing(false)}
          done={(erased) => {
            setErasing(false);
            setPicked(new Set());
            announce(t.erase.done(erased));
            done(t.erase.done(erased));
          }}
        />
      )}
    </section>
  );
}
