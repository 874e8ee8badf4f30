import { signal } from '@preact/signals';
import { liveUrl, type Status } from './api.js';
import { lookAgain } from './session.js';
import { startOver } from './start-over.js';

/** Counts up whenever anything changed on the server; pages that show server data follow it. */
export const changes = signal(0);
/** Whether changes are heard of. What was asked before may have missed one; reports, which take long, do without it. */
export const follows = signal(false);
export const status = signal<Status | null>(null);
/** False while the browser has lost the server. */
export const linked = signal(true);

/** When the server was last heard, in ms since 1970, once that was too long ago; null while it is heard. */
export const silentSince = signal<number | null>(null);

/** The server says every few seconds how it is. One that has said nothing for so long hangs, or cannot be reached. */
const SILENT_MS = 15_000;
/** Bursts of changes (a call with many legs) are followed once. */
const GATHER_MS = 400;
/** A link that comes back within this time is not worth a word. */
const GRACE_MS = 4000;

/** Follows the server until the function it returns is called. */
export function follow(): () => void {
  let gather: ReturnType<typeof setTimeout> | undefined;
  let grace: ReturnType<typeof setTimeout> | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let first: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let source: EventSource;
  let heardAt = Date.now();
  let opened = false;

  const changed = () => {
    gather ??= setTimeout(() => {
      gather = undefined;
      changes.value++;
    }, GATHER_MS);
  };
  const listen = () => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      silentSince.value = heardAt;
      linked.value = false;
      // The browser holds a connection on which nothing comes for open.
      source.close();
      clearTimeout(again);
      connect();
    }, SILENT_MS);
  };
  const heard = () => {
    heardAt = Date.now();
    silentSince.value = null;
    linked.value = true;
    listen();
  };
  const connect = () => {
    listen();
    source = new EventSource(liveUrl());
    source.addEventListener('change', changed);
    source.addEventListener('status', (event) => {
      heard();
      setStatus(JSON.parse((event as MessageEvent<string>).data) as Status);
    });
    source.addEventListener('you', () => void lookAgain());
    source.addEventListener('over', (event) => {
      const said = JSON.parse((event as MessageEvent<string>).data) as { signed_out: boolean };
      if (said.signed_out) startOver();
      else void lookAgain();
    });
    source.onopen = () => {
      // It may have ended because what one may do has changed, and nothing was heard of what changed meanwhile.
      if (opened) {
        void lookAgain();
        changed();
      } else
        first = setTimeout(() => {
          follows.value = true;
        }, GATHER_MS);
      opened = true;
      clearTimeout(grace);
      grace = undefined;
      heard();
    };
    source.onerror = () => {
      grace ??= setTimeout(() => {
        linked.value = false;
      }, GRACE_MS);
      // The browser reconnects by itself unless the server refused; then the session may be over.
      if (source.readyState === EventSource.CLOSED) {
        void lookAgain();
        again = setTimeout(connect, GRACE_MS);
      }
    };
  };
  connect();
  return () => {
    for (const timer of [gather, grace, again, first, silence]) clearTimeout(timer);
    source.close();
    linked.value = true;
    silentSince.value = null;
  };
}

/** It comes every few seconds and is mostly the same; only news is worth a render. */
function setStatus({ daemon, pbxes, calls_now, recording_now, preserving, health }: Status): void {
  const news = { daemon, pbxes, calls_now, recording_now, preserving, health };
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
