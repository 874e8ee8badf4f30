import type { ComponentType } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { t } from '../messages/language.js';
import { ApiError } from '../state/api.js';
import { focusPage, isWaitedFor } from './focus.js';

export type Later<P> = { View: ComponentType<P>; preload: () => Promise<unknown> };

/**
 * A page whose code is fetched when it is first shown, or by `preload`. Where it cannot be had, because the dashboard is away or
 * has become another version, the page says so.
 */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): Later<P> {
  let Page: ComponentType<P> | null = null;
  let loading: Promise<void> | null = null;
  const preload = (): Promise<void> => {
    loading ??= load().then(
      (found) => {
        Page = found;
      },
      (reason) => {
        loading = null;
        throw reason;
      },
    );
    return loading;
  };

  function View(props: P) {
    const [tried, setTried] = useState<'not yet' | 'there' | 'failed'>(Page ? 'there' : 'not yet');
    useEffect(() => {
      if (tried === 'there') return;
      let left = false;
      preload().then(
        () => !left && setTried('there'),
        () => !left && setTried('failed'),
      );
      return () => {
        left = true;
      };
    }, []);
    useLayoutEffect(() => {
      if (tried === 'there' && isWaitedFor()) focusPage();
    }, [tried]);
    if (Page) return <Page {...props} />;
    if (tried === 'failed') return <Absent />;
    return <p class="door-wait door-wait-late">{t.common.loading}</p>;
  }
  return { View, preload };
}

/**
 * In place of a page whose code cannot be had. A browser may remember that a script was missing, so only a reload helps, and it
 * is done only where the dashboard answers: otherwise it would leave nothing at all.
 */
function Absent() {
  const [code, setCode] = useState<'page_absent' | 'unreachable'>('page_absent');
  const reload = async () => {
    const answer = await fetch('/', { cache: 'no-store' }).catch(() => null);
    if (answer?.ok) location.reload();
    else setCode('unreachable');
  };
  return (
    <div class="sheet">
      <ErrorNote
        key={code}
        problem={new ApiError(0, { code })}
        retry={() => void reload()}
        retryLabel={t.common.reload}
      />
    </div>
  );
}
