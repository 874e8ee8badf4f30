import type { Page } from 'playwright-core';
import type { House, Kind } from '../furnished.js';
import type { PersonId } from '../furnished-people.js';

/** How the recorder beside a house is: well, with everything wrong that it can tell of, or not there. */
export type Condition = 'well' | 'trouble' | 'down';

/** A page in a state, and how to get there. */
export type UiState = {
  name: string;
  house: Kind;
  recorder: Condition;
  /** Who is signed in; null: nobody. */
  as: PersonId | null;
  /** Where it is opened. */
  path: (house: House) => string;
  /** What is done there; it resolves when everything that belongs to the state is on the page. */
  go: (page: Page) => Promise<unknown>;
  /** What the browser says of it that belongs to the state, such as of a request that is refused; null: nothing. */
  complaint: RegExp | null;
  /** What is judged for accessibility: all of it, unless the state covers half a control that another state shows whole. */
  within: string;
};

/** What the browser says beside that. */
export const unexpected = ({ complaint }: Pick<UiState, 'complaint'>, said: readonly string[]): string[] =>
  said.filter((line) => !complaint?.test(line));

export const state = (
  name: string,
  path: UiState['path'] | string,
  go: UiState['go'],
  {
    house = 'office',
    recorder = 'well',
    as = 'anna',
    complaint = null,
    within = 'html',
  }: Partial<UiState> = {},
): UiState => ({
  ...{ name, go, house, recorder, as, complaint, within },
  path: typeof path === 'string' ? () => path : path,
});

export const says =
  (text: string): UiState['go'] =>
  (page) =>
    page.getByText(text).first().waitFor();
export const shows =
  (selector: string): UiState['go'] =>
  (page) =>
    page.locator(selector).first().waitFor();
export const press = (page: Page, name: string | RegExp, exact = false) =>
  page.getByRole('button', { name, exact }).first().click();
