const main = () => document.getElementById('main');

/** Whether the focus is where it was put when a page was opened that is not there yet. */
export const isWaitedFor = (): boolean => document.activeElement === main();

/** Moves the focus to the heading of the page that was opened, or to the page while it has none. */
export function focusPage(): void {
  const heading = main()?.querySelector('h1');
  heading?.setAttribute('tabindex', '-1');
  (heading ?? main())?.focus();
}
