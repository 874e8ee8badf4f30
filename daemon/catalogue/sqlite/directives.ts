import { Type } from 'typebox';
import type { Directive, DirectiveWay, StoredKind } from '../../domain/call/directive.js';
import { fail } from '../../domain/error.js';
import type { CallId } from '../../domain/recording/recording.js';
import { Length, noun, oneOf, orNull, type Reader, Text, Time } from './checked.js';
import type { Db } from './db.js';

export const directive = noun({
  table: 'directives',
  key: (row) => row.seq,
  shape: Type.Object({
    seq: Length,
    call_id: Text,
    at: Time,
    kind: oneOf<StoredKind>({
      ...{ stop: true, undo: true },
      ...{ decline: true, allow: true, keep: true, mask: true, resume: true },
    }),
    how: oneOf<DirectiveWay>({
      ...{ digits: true, button: true, api: true, user_event: true, dialplan: true, rule: true, timer: true },
      unwatched: true,
    }),
    who: Text,
    leg_id: orNull(Text),
  }),
  make: ({ call_id: callId, leg_id: legId, ...row }): Directive => ({ ...row, callId, legId }),
});

export function createDirectives(db: Db, reader: Reader, current: (id: CallId) => CallId) {
  const add = db.prepare(`
    INSERT INTO directives (call_id, at, kind, how, who, leg_id)
    SELECT id, $at, $kind, $how, $who, $legId FROM calls WHERE id = $callId`);
  const list = db.prepare('SELECT * FROM directives WHERE call_id = ? ORDER BY seq');
  return {
    add(given: Omit<Directive, 'seq'>): Directive {
      const { changes, lastInsertRowid } = add.run({ ...given, callId: current(given.callId) });
      if (changes === 0) throw fail('call_unknown', given.callId);
      return { ...given, seq: Number(lastInsertRowid) };
    },
    of: (id: CallId): Directive[] => reader.all(directive, list.all(current(id))),
  };
}
