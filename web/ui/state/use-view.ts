import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { changes } from './live.js';

/** What a page shows: asked for at once, and again when something changed or one of `on` did. It stays while that fails. */
export function useView<T>(ask: (shown: T | null) => Promise<T>, ...on: unknown[]) {
  const view = useSignal<T | null>(null);
  const problem = useSignal<unknown>(null);
  const load = () => {
    ask(view.value).then(
      (now) => {
        view.value = now;
        problem.value = null;
      },
      (cause) => {
        problem.value = cause;
      },
    );
  };
  useEffect(load, [changes.value, ...on]);
  return { view: view.value, problem: problem.value, load };
}
