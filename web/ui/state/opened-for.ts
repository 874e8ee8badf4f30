/**
 * Whom this page was opened for: the id of the first person who was signed in on it, and never anybody else's. Every request
 * names them, so that the server answers nobody else by this page, whoever signs in at the browser meanwhile.
 */
export const openedFor = { id: '' };

/** For what is fetched. */
export const personHeader = (): Record<string, string> =>
  openedFor.id === '' ? {} : { 'x-tapedeck-person': openedFor.id };

/** An address for what cannot have headers: sound, streams of events, links. */
export const forPerson = (url: string): string =>
  openedFor.id === ''
    ? url
    : `${url}${url.includes('?') ? '&' : '?'}opened_for=${encodeURIComponent(openedFor.id)}`;

/** Keeps in the browser's history whose entry this is: Back leads the next person to no search of the last one's. */
export function signEntry(): void {
  if (openedFor.id !== '') history.replaceState({ openedFor: openedFor.id }, '');
}
/** Whether the address is from the time when somebody else was signed in here. */
export const strangersEntry = (id: string): boolean => {
  const { openedFor: whose } = (history.state ?? {}) as { openedFor?: string };
  return whose !== undefined && whose !== id;
};
