import { Type } from 'typebox';
import { ListFault } from '../../daemon/domain/policy/lists/list-file.js';
import { ListedNumber, ListName, ListNote } from '../../daemon/domain/policy/lists/number-list.js';
import { Nullable, Time } from '../server/schemas.js';

/** The shapes of the lists of numbers. */
export const ListView = Type.Object({
  name: Type.String(),
  note: Type.String(),
  added_at: Time,
  added_by: Type.String(),
  numbers: Type.Integer({ description: 'How many numbers are on it.' }),
  rules: Type.Array(Type.String(), { description: 'Rules of the policy in force that name it.' }),
});
export const ListsView = Type.Object({ lists: Type.Array(ListView) });

export const ListedView = Type.Object({
  id: Type.Integer(),
  number: Type.String(),
  note: Type.String(),
  until: Nullable(Type.String({ format: 'date-time', description: 'When it leaves the list by itself.' })),
  added_at: Time,
  added_by: Type.String(),
});
export const ListedPage = Type.Object({
  entries: Type.Array(ListedView, { description: 'In the order in which they were put on the list.' }),
  after: Nullable(Type.Integer({ description: 'What to ask for the next page with; null at the end.' })),
});
export const ListedQuery = Type.Object({
  after: Type.Optional(
    Type.Integer({ minimum: 0, description: 'Only what follows the entry with this id.' }),
  ),
  digits: Type.Optional(
    Type.String({ maxLength: 40, description: 'Only numbers with these digits in a row.' }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: '100 when left out.' })),
});

export const ListParams = Type.Object({ list: Type.String({ maxLength: 80 }) });
export const ListBody = Type.Object({ name: ListName, note: Type.Optional(ListNote) });
export const ListNoteBody = Type.Object({ note: ListNote });
export const ListedBody = Type.Object({
  number: ListedNumber,
  note: Type.Optional(ListNote),
  until: Type.Optional(
    Type.String({
      maxLength: 20,
      description: 'When it leaves the list, by the clock of the site: 2027-01-31, or 2027-01-31 18:00.',
    }),
  ),
});
export const DropBody = Type.Object({ number: ListedNumber });
export const DroppedView = Type.Object({ removed: Type.Boolean() });

export const ImportBody = Type.Object({
  csv: Type.String({
    maxLength: 1_000_000,
    description: 'The first line names the columns: number, and if you like note and until.',
  }),
  replace: Type.Optional(
    Type.Boolean({ description: 'In place of all numbers on the list. Left out: beside them.' }),
  ),
  dry_run: Type.Optional(Type.Boolean({ description: 'Only look whether it could be imported.' })),
});
export const ImportView = Type.Object({
  imported: Type.Boolean({ description: 'False where there is a fault, and with `dry_run`.' }),
  numbers: Type.Integer({ description: 'How many numbers the file has.' }),
  added: Type.Integer(),
  removed: Type.Integer(),
  faults: Type.Array(
    Type.Object({
      ...ListFault.properties,
      message: Type.String({ description: 'What it is, and what to do.' }),
    }),
  ),
  also: Type.Record(Type.String(), Type.Integer(), {
    description: 'How many of these numbers other lists have too, by the names of those.',
  }),
});
