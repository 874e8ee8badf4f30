import { effect, signal } from '@preact/signals';
import { dayOf } from '../../messages/when.js';
import { api, type CallPage } from '../../state/api.js';
import { seesCalls } from '../../state/rights.js';
import { owing, session } from '../../state/session.js';
import { fromAddress, toQuery } from '../filters.js';

/** How many calls are asked for first. */
export const PAGE = 60;

/** How long the desk waits for the first calls, in ms, so that the browser lays out a desk once that has them. */
const MOST_MS = 150;
/** A slow machine may draw the desk late; nobody takes the answer after this time, in ms. */
const FORGOTTEN_MS = 5_000;

/** Whether the desk waits for the first calls. */
export const awaited = signal(false);

let asked: { wanted: string; page: Promise<CallPage> } | null = null;

/** Has the calls that this address lists asked for as soon as somebody is signed in, before the desk is drawn. */
export function askAhead(): void {
  let done = false;
  effect(() => {
    if (done || !session.value?.user || owing()) return;
    done = true;
    if (/^\/(calls\/[^/]+)?$/.test(location.pathname) && seesCalls()) ask();
  });
}

function ask(): void {
  const filters = fromAddress(Object.fromEntries(new URLSearchParams(location.search)));
  const page = api.calls({ ...toQuery(filters, Date.now()), limit: PAGE });
  asked = { wanted: JSON.stringify(filters), page };
  awaited.value = true;
  const draw = () => {
    awaited.value = false;
  };
  page.then(draw, draw);
  setTimeout(draw, MOST_MS);
  // The list takes it when the desk is drawn, and one that is opened later asks anew.
  setTimeout(() => askedAhead(''), FORGOTTEN_MS);
  // The first date that a page writes takes a browser long, so it is written while the answer is on its way.
  dayOf(Date.now());
}

/** Returns the answer that these filters were asked for ahead, if they were; once. */
export function askedAhead(wanted: string): Promise<CallPage> | null {
  const page = asked?.wanted === wanted ? asked.page : null;
  asked = null;
  return page;
}
