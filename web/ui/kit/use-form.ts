import { useState } from 'preact/hooks';
import type { Faults } from './field.js';

/** What is sent to the server: whether it is on its way, and what kept it from being done. */
export function useSending(first: () => unknown = () => null) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(first);
  /** Returns whether it was done. */
  const send = async (act: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setProblem(null);
    try {
      await act();
      return true;
    } catch (cause) {
      setProblem(cause);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, setProblem, send };
}

/** Puts a form away that was opened by a button, which is then there again and takes the focus. */
export function left(putAway: () => void, button: string): void {
  putAway();
  requestAnimationFrame(() => document.getElementById(button)?.focus());
}

/** What has to be corrected in a form; it is said once somebody has tried to send it. */
export function useFaults(found: Faults) {
  const [attempt, setAttempt] = useState(0);
  const faults = attempt > 0 ? found : [];
  return {
    attempt,
    faults,
    fault: (id: string) => faults.find((f) => f.id === id)?.text,
    /** An attempt to send it: gives whether it can be sent. What is emptied or typed after that is a new form. */
    tried: (): boolean => {
      const right = found.length === 0;
      setAttempt(right ? 0 : attempt + 1);
      return right;
    },
  };
}
