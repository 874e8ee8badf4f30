import type { When } from '../../../../../daemon/domain/policy/conditions.js';
import { listOr } from '../../locale.js';

const DIRECTIONS = { in: 'incoming', out: 'outgoing', internal: 'internal' };

/** What each condition says of calls; direction stands before them. */
export type Said = Partial<Record<keyof When, string[]>>;

const SAID: { [C in Exclude<keyof When, 'direction'>]-?: (any: string[]) => string } = {
  pbx: (any) => `on the PBX ${listOr(any)}`,
  extension: (any) => `with extension ${listOr(any)}`,
  group: (any) => `with somebody of ${listOr(any)}`,
  queue: (any) => `through queue ${listOr(any)}`,
  did: (any) => `to our number ${listOr(any)}`,
  trunk: (any) => `over trunk ${listOr(any)}`,
  account: (any) => `on account ${listOr(any)}`,
  variable: (any) => `with ${listOr(any)}`,
  list: (any) => `with a number on the list ${listOr(any)}`,
  number: (any) => `with the number ${listOr(any)}`,
  number_prefix: (any) => `with a number that begins with ${listOr(any)}`,
  region: (any) => `with a number from ${listOr(any)}`,
  weekday: (any) => `on ${listOr(any)}`,
  holiday: ([any]) => (any === 'yes' ? 'on holidays' : 'not on holidays'),
  hours: (any) => `between ${listOr(any.map((hours) => hours.replace('-', ' and ')))}`,
  percentage: ([any]) => `(${any}% of them, chosen evenly)`,
};

/** Which calls fit these conditions. */
export function calls({ direction = [], ...when }: Said): string {
  const parts = Object.entries(SAID).map(([name, words]) => {
    const any = when[name as keyof typeof SAID] ?? [];
    return any.length > 0 ? words(any) : '';
  });
  const which =
    direction.length > 0 && direction.length < 3
      ? listOr(direction.map((d) => DIRECTIONS[d as keyof typeof DIRECTIONS] ?? d))
      : '';
  const said = [which, 'calls', ...parts].filter(Boolean);
  return said.length === 1 ? 'every call' : said.join(' ');
}
