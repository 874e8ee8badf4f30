import Database from 'better-sqlite3';
import { fail } from '../../domain/error.js';
import type { Db } from './db.js';

type Made = Database.Statement<unknown[]>;
/** How a statement gives rows, where not as objects. */
type Shape = 'pluck' | 'raw' | 'expand';
/** What the catalogue does with its statements. */
type Used = Pick<Made, 'run' | 'get' | 'all' | 'iterate' | Shape>;

/**
 * The same database, whose statements are prepared when each is used for the first time: the catalogue has some four hundred, a
 * command uses a few of them, and to prepare all takes longer than most commands. What uses one whose table or column is not there
 * throws `catalogue_damaged`.
 */
export function preparingLate(db: Db): Db {
  const prepare = (sql: string): Used => {
    let [made, shape]: [Made | null, Shape | null] = [null, null];
    const statement = (): Made => {
      if (made) return made;
      made = prepared(db, sql);
      if (shape) made[shape]();
      return made;
    };
    const as = (wanted: Shape) => () => {
      shape = wanted;
      return used as Made;
    };
    const used: Used = {
      run: (...given) => statement().run(...given),
      get: (...given) => statement().get(...given),
      all: (...given) => statement().all(...given),
      iterate: (...given) => statement().iterate(...given),
      ...{ pluck: as('pluck'), raw: as('raw'), expand: as('expand') },
    };
    return used;
  };
  return Object.assign(Object.create(db) as Db, { prepare });
}

function prepared(db: Db, sql: string): Made {
  try {
    return db.prepare(sql);
  } catch (e) {
    // Our statements fit the tables that we make.
    if (e instanceof Database.SqliteError && e.code === 'SQLITE_ERROR')
      throw fail('catalogue_damaged', `${e.message}.`, e);
    throw e;
  }
}
