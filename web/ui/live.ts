import { signal } from '@preact/signals';
import { api, base, type Status } from './api.js';

/** Counts up whenever anything changed on the server; pages that show server data follow it. */
export const changes = signal(0);
export const status = signal<Status | null>(null);
/** False while the browser has lost the server. */
export const linked = signal(true);

/** Bursts of changes (a call with many legs) are followed once. */
const GATHER_MS = 400;
/** A link that comes back within this time is not worth a word. */
const GRACE_MS = 4000;

/** Follows the server until the function it returns is called. */
export function follow(): () => void {
  let gather: ReturnType<typeof setTimeout> | undefined;
  let grace: ReturnType<typeof setTimeout> | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let source: EventSource;

  const changed = () => {
    gather ??= setTimeout(() => {
      gather = undefined;
      changes.value++;
    }, GATHER_MS);
  };
  const connect = () => {
    source = new EventSource(`${base}/live`);
    source.addEventListener('change', changed);
    source.addEventListener('status', (event) => {
      setStatus(JSON.parse((event as MessageEvent<string>).data) as Status);
    });
    source.onopen = () => {
      clearTimeout(grace);
      grace = undefined;
      if (!linked.value) changed();
      linked.value = true;
      refreshStatus();
    };
    source.onerror = () => {
      grace ??= setTimeout(() => {
        linked.value = false;
      }, GRACE_MS);
      // The browser reconnects by itself unless the server refused; then the session may be over.
      if (source.readyState === EventSource.CLOSED) {
        refreshStatus();
        again = setTimeout(connect, GRACE_MS);
      }
    };
  };
  connect();
  return () => {
    for (const timer of [gather, grace, again]) clearTimeout(timer);
    source.close();
    linked.value = true;
  };
}

function refreshStatus(): void {
  api.status().then(setStatus, () => {});
}

/** It comes every few seconds and is mostly the same; only news is worth a render. */
function setStatus(news: Status): void {
  if (JSON.stringify(news) !== JSON.stringify(status.value)) status.value = news;
}

/** The time now in milliseconds, once a second; for durations that run. */
export const second = signal(Date.now());
/** The same, once in half a minute; for "5 min ago". */
export const minute = signal(Date.now());

export function startClocks(): void {
  setInterval(() => {
    second.value = Date.now();
  }, 1000);
  setInterval(() => {
    minute.value = Date.now();
  }, 30_000);
}
