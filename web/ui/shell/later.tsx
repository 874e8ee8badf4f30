import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { t } from '../messages/language.js';
import { ApiError } from '../state/api.js';

export type Later<P> = { View: ComponentType<P>; preload: () => Promise<unknown> };

/**
 * A page whose code is fetched when it is first shown, or by `preload`. Where it cannot be had, since the dashboard is away or
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
    const [tried, setTried] = useState<'not yet' | 'there' | 'failed'>('not yet');
    useEffect(() => {
      if (Page || tried !== 'not yet') return;
      let left = false;
      preload().then(
        () => !left && setTried('there'),
        () => !left && setTried('failed'),
      );
      return () => {
        left = true;
      };
    }, [tried]);
    if (Page) return <Page {...props} />;
    if (tried === 'failed')
      return (
        <div class="sheet">
          <ErrorNote problem={new ApiError(0, { code: 'page_absent' })} retry={() => setTried('not yet')} />
        </div>
      );
    return <p class="door-wait">{t.common.loading}</p>;
  }
  return { View, preload };
}
