import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { fail } from '../../domain/error.js';
import { type AlarmWhy, toAlarmWhy } from '../../domain/operations/alarm-codes.js';
import { UnknownReason } from '../../domain/reason/coded.js';
import { readWhy, toWhy, type Why } from '../../domain/reason/reason.js';
import type { BadRow } from '../catalogue.js';

/** How the rows of one table are read. `read` throws `Unreadable` for a row that Tapedeck cannot have written. */
export type Noun<T> = { table: string; key: (row: Cells) => unknown; read: (row: Cells) => T };
type Cells = Record<string, unknown>;

/** The last millisecond of the year 9999. Every time up to here can be written as text, and added to. */
const LAST_TIME = 253_402_300_799_999;
/** No column that Tapedeck writes comes near this many characters. */
const MAX_CHARS = 8_000_000;

/** Milliseconds since 1970. */
export const Time = Type.Integer({ minimum: 0, maximum: LAST_TIME });
/** What SQLite gives as the first or last of many times: null where that is none. */
export const timeOrNull = (cell: unknown): number | null =>
  Number.isInteger(cell) && (cell as number) >= 0 && (cell as number) <= LAST_TIME ? (cell as number) : null;
/** A length in milliseconds or bytes. */
export const Length = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** What SQLite gives as the total of many lengths. A cell may hold Infinity, and then it is unknown: 0. */
export const totalOrNone = (total: unknown): number => (Number.isFinite(total) ? (total as number) : 0);
export const Text = Type.String();
/** JSON may hold 1e999, which is read as Infinity. */
export const Figure = Type.Number({ minimum: -Number.MAX_VALUE, maximum: Number.MAX_VALUE });
export const Flag = Type.Integer({ minimum: 0, maximum: 1 });
export const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);
/** One of these words, written as the keys of an object so that the compiler asks for all of them. */
export const oneOf = <T extends string>(words: Record<T, true>) =>
  Type.Unsafe<T>(Type.Enum(Object.keys(words) as [string, ...string[]]));

class Unreadable extends Error {}

/** A noun whose rows have this shape. The columns in `json` are parsed first. */
export function noun<S extends TSchema, T>({
  table,
  key,
  json = [],
  shape,
  make,
}: {
  table: string;
  key: (row: Cells) => unknown;
  json?: readonly string[];
  shape: S;
  make: (value: Static<S>) => T;
}): Noun<T> {
  // With the first row: a command reads few of the tables.
  let checker: ReturnType<typeof Compile<S>> | null = null;
  return {
    table,
    key,
    read(row) {
      const value: Cells = { ...row };
      for (const [column, cell] of Object.entries(row))
        if ((typeof cell === 'string' || cell instanceof Uint8Array) && cell.length > MAX_CHARS)
          throw new Unreadable(`"${column}" is longer than ${MAX_CHARS} characters`);
      for (const column of json) if (typeof row[column] === 'string') value[column] = parsed(row, column);
      checker ??= Compile(shape);
      if (checker.Check(value)) return make(value as Static<S>);
      const [first] = checker.Errors(value);
      const where = first?.instancePath.slice(1).replaceAll('/', '.');
      throw new Unreadable(
        where ? `"${where}" ${first?.message}` : (first?.message ?? 'it has another shape'),
      );
    },
  };
}

function parsed(row: Cells, column: string): unknown {
  try {
    return JSON.parse(row[column] as string);
  } catch {
    throw new Unreadable(`"${column}" is not JSON`);
  }
}

/** For a check that a schema cannot make. */
export function unreadable(fault: string): never {
  throw new Unreadable(fault);
}

/** Reads the reason in a column of text; one that no version can have written makes the row unreadable. */
export const whyIn = (column: string, stored: string): Why | null => known(column, () => readWhy(stored));
/** The same for one within JSON. */
export const whyOf = (column: string, value: unknown): Why | null =>
  value === null ? null : known(column, () => toWhy(value));

/** The same for what an alarm says, within JSON. */
export const alarmWhyOf = (column: string, value: unknown): AlarmWhy =>
  known(column, () => toAlarmWhy(value));

function known<T>(column: string, read: () => T): T {
  try {
    return read();
  } catch (e) {
    if (e instanceof UnknownReason) unreadable(`"${column}" has a reason that cannot be read: ${e.message}`);
    throw e;
  }
}

export type Reader = ReturnType<typeof createReader>;

/**
 * Reads rows that anyone who can write to the file may have made. A row that cannot be read is given to `report` and left
 * out, so that one row never keeps the others from being read.
 */
export function createReader(report: (bad: BadRow) => void) {
  function tried<T>({ table, key, read }: Noun<T>, row: unknown): { value: T } | { fault: string } {
    try {
      return { value: read(row as Cells) };
    } catch (e) {
      if (!(e instanceof Unreadable)) throw e;
      const bad = { table, key: shown(key(row as Cells)), fault: e.message };
      report(bad);
      return { fault: `${table} ${bad.key}: ${bad.fault}.` };
    }
  }

  return {
    /** Those that can be read, in their order. */
    all: <T>(noun: Noun<T>, rows: readonly unknown[]): T[] =>
      rows.flatMap((row) => {
        const found = tried(noun, row);
        return 'value' in found ? [found.value] : [];
      }),
    /** The first `limit` of those that can be read, all for -1. `ask` is given how many rows to read, bad ones included. */
    fill<T>(noun: Noun<T>, limit: number, ask: (rows: number) => unknown[]): T[] {
      for (let asked = limit; ; asked *= 2) {
        const rows = ask(asked);
        const found = this.all(noun, rows);
        if (limit < 0 || found.length >= limit || rows.length < asked)
          return found.slice(0, limit < 0 ? undefined : limit);
      }
    },
    /** Null where there is none, or where it cannot be read. */
    orNull<T>(noun: Noun<T>, row: unknown): T | null {
      if (row === undefined) return null;
      const found = tried(noun, row);
      return 'value' in found ? found.value : null;
    },
    /** Null where there is none. Throws `row_unreadable`. */
    one<T>(noun: Noun<T>, row: unknown): T | null {
      if (row === undefined) return null;
      const found = tried(noun, row);
      if ('fault' in found) throw fail('row_unreadable', found.fault);
      return found.value;
    },
  };
}

/** What names a row, fit to be shown: it may be anything. */
const shown = (key: unknown): string =>
  String(key)
    .slice(0, 60)
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .toWellFormed();
