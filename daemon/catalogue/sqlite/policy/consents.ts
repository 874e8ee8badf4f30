import { Type } from 'typebox';
import { fail } from '../../../domain/error.js';
import { digitsOf } from '../../../domain/phone.js';
import type { DocumentType } from '../../../domain/policy/standing/document.js';
import type {
  NewStanding,
  Standing,
  StandingDocument,
  StandingKind,
} from '../../../domain/policy/standing/standing.js';
import type { StandingFilter } from '../../standing.js';
import { Length, noun, oneOf, orNull, type Reader, Text, Time } from '../checked.js';
import type { Db } from '../db.js';

const Document = Type.Object({
  id: Type.String({ pattern: '^[0-9A-Z]{26}$' }),
  type: oneOf<DocumentType>({ 'application/pdf': true, 'image/png': true, 'image/jpeg': true }),
  ...{ bytes: Length, sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }), addedAt: Time },
  ...{ erasedAt: orNull(Time), erasedBy: Text },
});

const standing = noun({
  table: 'consents',
  key: (row) => row.id,
  json: ['extensions', 'queues', 'document'],
  shape: Type.Object({
    ...{ id: Length, kind: oneOf<StandingKind>({ consent: true, objection: true }), number: Text },
    ...{ contact: Text, extensions: Type.Array(Text), queues: Type.Array(Text) },
    ...{ given_at: Time, how: Text, until: orNull(Time), added_at: Time, added_by: Text },
    ...{ withdrawn_at: orNull(Time), withdrawn_by: Text, document: orNull(Document), digits: Text },
    ...{ erased_at: orNull(Time), erased_by: Text, erased_why: Text },
  }),
  make: ({ given_at, added_at, added_by, withdrawn_at, withdrawn_by, digits: _, ...kept }): Standing => {
    const { erased_at, erased_by, erased_why, ...row } = kept;
    return {
      ...row,
      ...{ givenAt: given_at, addedAt: added_at, addedBy: added_by },
      ...{ withdrawnAt: withdrawn_at, withdrawnBy: withdrawn_by },
      ...{ erasedAt: erased_at, erasedBy: erased_by, erasedWhy: erased_why },
    };
  },
});

/** Standing consents and objections. */
export function createConsents(db: Db, reader: Reader) {
  const add = db.prepare(`
    INSERT INTO consents (kind, number, contact, extensions, queues, given_at, how, until, added_at, added_by, document, digits)
    VALUES ($kind, $number, $contact, $extensions, $queues, $givenAt, $how, $until, $addedAt, $addedBy, $document, $digits)
    RETURNING *`);
  const one = db.prepare('SELECT * FROM consents WHERE id = ?');
  const some = db.prepare(
    'SELECT * FROM consents WHERE id < $before AND instr(digits, $digits) ORDER BY id DESC LIMIT $limit',
  );
  const count = db.prepare('SELECT count(*) FROM consents').pluck();
  const withdraw = db.prepare(
    'UPDATE consents SET withdrawn_at = $at, withdrawn_by = $by WHERE id = $id AND withdrawn_at IS NULL',
  );
  const erased = db.prepare(`
    UPDATE consents SET document = json_set(document, '$.erasedAt', $at, '$.erasedBy', $by)
    WHERE id = $id AND document IS NOT NULL AND document ->> '$.erasedAt' IS NULL`);

  const erase = db.prepare(`
    UPDATE consents SET number = '', contact = '', extensions = '[]', queues = '[]', how = '', digits = '',
      withdrawn_by = iif(withdrawn_at IS NULL, $by, withdrawn_by), withdrawn_at = coalesce(withdrawn_at, $at),
      erased_at = $at, erased_by = $by, erased_why = $why
    WHERE id = $id AND erased_at IS NULL AND (document IS NULL OR document ->> '$.erasedAt' IS NOT NULL)`);

  const get = (id: number): Standing | null => reader.orNull(standing, one.get(id));
  function known(id: number): Standing {
    const found = get(id);
    if (!found) throw fail('consent_unknown', String(id));
    return found;
  }

  return {
    add: (
      entries: readonly NewStanding[],
      addedBy: string,
      addedAt: number,
      document: StandingDocument | null,
    ): Standing[] =>
      entries.map(
        (entry) =>
          reader.orNull(
            standing,
            add.get({
              ...entry,
              ...{ addedBy, addedAt, digits: digitsOf(entry.number) },
              extensions: JSON.stringify(entry.extensions),
              queues: JSON.stringify(entry.queues),
              document: document && JSON.stringify(document),
            }),
          )!,
      ),
    get,
    list: ({ before = Number.MAX_SAFE_INTEGER, digits = '', limit }: StandingFilter): Standing[] =>
      reader.fill(standing, limit, (rows) => some.all({ before, digits: digitsOf(digits), limit: rows })),
    count: (): number => count.get() as number,

    withdraw(id: number, by: string, at: number): Standing {
      withdraw.run({ id, by, at });
      return known(id);
    },

    documentErased(id: number, by: string, at: number): Standing {
      erased.run({ id, by, at });
      return known(id);
    },

    erase(id: number, by: string, at: number, why: string): Standing {
      erase.run({ id, by, at, why });
      return known(id);
    },
  };
}
