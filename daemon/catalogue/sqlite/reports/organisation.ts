import { Type } from 'typebox';
import { Organisation } from '../../../domain/report/processing.js';
import type { KeptOrganisation } from '../../reports/organisation.js';
import { noun, type Reader, Text, Time } from '../checked.js';
import type { Db } from '../db.js';

const kept = noun({
  table: 'organisation',
  key: () => '1',
  json: ['about'],
  shape: Type.Object({ one: Type.Literal(1), about: Organisation, changed_by: Text, changed_at: Time }),
  make: ({ about, changed_by: changedBy, changed_at: changedAt }): KeptOrganisation => ({
    ...{ organisation: about, changedBy, changedAt },
  }),
});

/** What somebody entered of the organisation: one row. */
export function createOrganisation(db: Db, reader: Reader) {
  const get = db.prepare('SELECT * FROM organisation');
  const save = db.prepare('INSERT OR REPLACE INTO organisation VALUES (1, $about, $by, $at)');
  return {
    get: (): KeptOrganisation | null => reader.orNull(kept, get.get()),
    save(about: Organisation, by: string, at: number): void {
      save.run({ about: JSON.stringify(about), by, at });
    },
  };
}
