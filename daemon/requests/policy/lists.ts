import type { Verbs } from '../../catalogue/catalogue.js';
import { onRecord } from '../../catalogue/entries.js';
import type { NumbersInLists } from '../../catalogue/listed.js';
import type { CountedList, ListChange } from '../../catalogue/lists.js';
import { clean } from '../../domain/call/party.js';
import type { Site } from '../../domain/days.js';
import { fail } from '../../domain/error.js';
import type { LISTS } from '../../domain/operations/control/lists.js';
import type { ControlHandlers } from '../../domain/operations/control.js';
import { lacksCountry } from '../../domain/phone.js';
import { type ListFault, listedAlready } from '../../domain/policy/lists/list-file.js';
import {
  isNumber,
  LACKS_COUNTRY,
  MOST_LISTS,
  MOST_ON_A_LIST,
  rulesNaming,
} from '../../domain/policy/lists/number-list.js';
import type { Asker, Askers } from '../askers.js';
import { nameOf } from '../rules.js';

/** So many faults are answered; whoever has corrected these is told of the others. */
const MOST_FAULTS = 200;

export type ListDeps = {
  catalogue: Verbs<'lists.all' | 'policy.newest' | 'audited'>;
  lists: Pick<NumbersInLists, 'ready' | 'changed' | 'namesFor' | 'on'>;
  askers: Pick<Askers, 'proved'>;
  site: Pick<Site, 'region'>;
  clock: () => number;
};

/** Changes the lists of numbers. What an entry of the audit log says of numbers is how many they are. */
export function createListRequests({
  catalogue,
  lists,
  askers,
  site,
  clock,
}: ListDeps): Pick<ControlHandlers, keyof typeof LISTS> {
  async function known(name: string): Promise<CountedList> {
    const list = (await catalogue.lists.all()).find((one) => one.name === name);
    if (!list) throw fail('list_unknown', `"${name}"`);
    return list;
  }

  const entry = (asker: Asker, name: string, change: string) =>
    asker.entry('policy_change', {
      object: 'list',
      object_id: name,
      detail: { changes: [`list "${name}" ${change}`] },
    });

  /** What has come of a change, in the log and in memory. */
  async function change(
    asker: Asker,
    name: string,
    verb: Parameters<typeof onRecord<ListChange>>[2],
    said: (made: ListChange) => string,
  ): Promise<ListChange> {
    await lists.ready();
    const made = await onRecord<ListChange>(catalogue, (made) => entry(asker, name, said(made)), verb);
    await lists.changed(made);
    return made;
  }

  return {
    async add_list(body) {
      const asker = await askers.proved('add_list', body, 'settings');
      const { by, list: name, note } = body;
      const all = await catalogue.lists.all();
      if (all.some((one) => one.name === name)) throw fail('list_exists', `"${name}"`);
      if (all.length >= MOST_LISTS) throw fail('list_full');
      const addedBy = nameOf(by, asker.person?.name);
      await onRecord(catalogue, entry(asker, name, 'is new'), (c) =>
        c.lists.save({ name, note, addedAt: clock(), addedBy }),
      );
      return {};
    },

    async change_list(body) {
      const asker = await askers.proved('change_list', body, 'settings');
      const list = await known(body.list);
      await onRecord(catalogue, entry(asker, list.name, 'has another note'), (c) =>
        c.lists.save({ ...list, note: body.note }),
      );
      return {};
    },

    async remove_list(body) {
      const asker = await askers.proved('remove_list', body, 'settings');
      const { name } = await known(body.list);
      const used = rulesNaming((await catalogue.policy.newest()).policy, name);
      if (used.length > 0) throw fail('list_used', `"${name}": ${used.join(', ')}`);
      await change(
        asker,
        name,
        (c) => c.lists.remove(name),
        ({ removed }) => `is gone, with ${numbers(removed.length)}`,
      );
      return {};
    },

    async put_listed(body) {
      const asker = await askers.proved('put_listed', body, 'settings');
      const { by, list: name, replace, dry_run: dryRun } = body;
      const entries = body.entries.map((one) => ({
        ...one,
        ...{ number: clean(one.number, 40), note: clean(one.note, 200) },
      }));
      const list = await known(name);
      const wrong = entries.find(({ number }) => !isNumber(number));
      if (wrong) throw fail('list_invalid', `line ${wrong.line}: it is not a telephone number.`);
      const national = entries.find(({ number }) => lacksCountry(number, site.region));
      if (national) throw fail('list_invalid', `line ${national.line}: the number ${LACKS_COUNTRY}`);
      await lists.ready();
      const faults: ListFault[] = replace
        ? []
        : entries.filter(({ number }) => lists.on(name, number) !== null).map(listedAlready);
      const also: Record<string, number> = {};
      for (const { number } of entries)
        for (const other of lists.namesFor(number)) if (other !== name) also[other] = (also[other] ?? 0) + 1;
      if (faults.length > 0 || dryRun || entries.length === 0)
        return { added: 0, removed: 0, faults: faults.slice(0, MOST_FAULTS), also };
      if (entries.length + (replace ? 0 : list.numbers) > MOST_ON_A_LIST) throw fail('list_full');
      const addedBy = nameOf(by, asker.person?.name);
      const { added, removed } = await change(
        asker,
        name,
        (c) => c.lists.put(name, entries, addedBy, clock(), replace),
        ({ added, removed }) =>
          replace
            ? `has ${numbers(added.length)} in place of ${removed.length}`
            : `has ${numbers(added.length)} more`,
      );
      return { added: added.length, removed: removed.length, faults, also };
    },

    async drop_listed(body) {
      const asker = await askers.proved('drop_listed', body, 'settings');
      const { name } = await known(body.list);
      await lists.ready();
      const id = lists.on(name, body.number);
      if (id === null) return { removed: false };
      const { removed } = await change(
        asker,
        name,
        (c) => c.lists.drop(name, [id]),
        ({ removed }) => `has ${numbers(removed.length)} less`,
      );
      return { removed: removed.length > 0 };
    },
  };
}

const numbers = (n: number): string => (n === 1 ? '1 number' : `${n} numbers`);
