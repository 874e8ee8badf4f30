import { Type } from 'typebox';
import { fail } from '../../../domain/error.js';
import { digitsOf } from '../../../domain/phone.js';
import type { Listed, NewListed, NumberList } from '../../../domain/policy/lists/number-list.js';
import type { CountedList, ListChange, ListedFilter } from '../../lists.js';
import { Length, noun, orNull, type Reader, Text, Time } from '../checked.js';
import type { Db } from '../db.js';

const list = noun({
  table: 'number_lists',
  key: (row) => row.name,
  shape: Type.Object({ name: Text, note: Text, added_at: Time, added_by: Text, numbers: Length }),
  make: ({ added_at: addedAt, added_by: addedBy, ...row }): CountedList => ({ ...row, addedAt, addedBy }),
});

const listed = noun({
  table: 'listed_numbers',
  key: (row) => row.id,
  shape: Type.Object({
    ...{ id: Length, list: Text, number: Text, note: Text, until: orNull(Time) },
    ...{ added_at: Time, added_by: Text, digits: Text },
  }),
  make: ({ added_at: addedAt, added_by: addedBy, digits: _, ...row }): Listed => ({
    ...row,
    addedAt,
    addedBy,
  }),
});

export function createLists(db: Db, reader: Reader) {
  const all = db.prepare(`
    SELECT *, (SELECT count(*) FROM listed_numbers WHERE list = name) AS numbers FROM number_lists ORDER BY name`);
  const save = db.prepare(`
    INSERT INTO number_lists VALUES ($name, $note, $addedAt, $addedBy)
    ON CONFLICT (name) DO UPDATE SET note = excluded.note`);
  const known = db.prepare('SELECT 1 FROM number_lists WHERE name = ?').pluck();
  const remove = db.prepare('DELETE FROM number_lists WHERE name = ?');
  const clear = db.prepare('DELETE FROM listed_numbers WHERE list = ? RETURNING id').pluck();
  const add = db.prepare(`
    INSERT INTO listed_numbers (list, number, note, until, added_at, added_by, digits)
    VALUES ($list, $number, $note, $until, $addedAt, $addedBy, $digits)`);
  const drop = db.prepare('DELETE FROM listed_numbers WHERE list = ? AND id = ?');
  const end = db.prepare('DELETE FROM listed_numbers WHERE until <= ? RETURNING id').pluck();
  const some = db.prepare(`
    SELECT * FROM listed_numbers WHERE list = $list AND id > $after AND instr(digits, $digits) ORDER BY id LIMIT $limit`);
  const any = db.prepare(
    'SELECT * FROM listed_numbers WHERE id > $after AND instr(digits, $digits) ORDER BY id LIMIT $limit',
  );

  function refuseUnknown(name: string): void {
    if (known.get(name) === undefined) throw fail('list_unknown', `"${name}"`);
  }

  return {
    all: (): CountedList[] => reader.all(list, all.all()),
    save: (given: NumberList): void => void save.run(given),

    remove(name: string): ListChange {
      refuseUnknown(name);
      const removed = clear.all(name) as number[];
      remove.run(name);
      return { added: [], removed };
    },

    entries({ list, after = 0, digits = '', limit }: ListedFilter): Listed[] {
      const asked = { after, digits: digitsOf(digits) };
      return reader.fill(listed, limit, (rows) =>
        list === undefined ? any.all({ ...asked, limit: rows }) : some.all({ ...asked, list, limit: rows }),
      );
    },

    put(
      name: string,
      entries: readonly NewListed[],
      addedBy: string,
      addedAt: number,
      replace: boolean,
    ): ListChange {
      refuseUnknown(name);
      const removed = replace ? (clear.all(name) as number[]) : [];
      const added = entries.map(({ number, note, until }): Listed => {
        const row = { list: name, number, note, until, addedAt, addedBy };
        return { ...row, id: Number(add.run({ ...row, digits: digitsOf(number) }).lastInsertRowid) };
      });
      return { added, removed };
    },

    drop: (name: string, ids: readonly number[]): ListChange => ({
      added: [],
      removed: ids.filter((id) => drop.run(name, id).changes > 0),
    }),

    forget: (before: number): ListChange => ({ added: [], removed: end.all(before) as number[] }),
  };
}
