import { type Static, Type } from 'typebox';
import { fail } from '../../../domain/error.js';
import { writeWhy } from '../../../domain/reason/reason.js';
import type { CallId } from '../../../domain/recording/recording.js';
import type { Found, Notice, Played, TellingKind } from '../../../domain/telling/notice.js';
import { PROMPT_KINDS } from '../../../domain/telling/prompt.js';
import { JurisdictionId, LanguageSchema, ModeSchema } from '../../../domain/telling/schema.js';
import type { ToldCall } from '../../notices.js';
import { Figure, Flag, Length, noun, oneOf, orNull, type Reader, Text, Time, whyIn } from '../checked.js';
import type { Db } from '../db.js';

const From = Type.Enum(['number', 'site']);
const Reason = Type.Union([
  Type.Object({ code: Type.Literal('jurisdiction'), id: JurisdictionId, from: From, needs: ModeSchema }),
  Type.Object({ code: Type.Enum(['rule', 'default']), mode: ModeSchema }),
  Type.Object({ code: Type.Enum(['silent_not_confirmed', 'standing_consent']) }),
]);
const Decision = Type.Object({
  mode: ModeSchema,
  because: Type.Array(Reason),
  promptInRecording: Type.Boolean(),
  beepSeconds: orNull(Figure),
  jurisdictions: Type.Array(
    Type.Object({ id: JurisdictionId, asOf: Text, overridden: Type.Boolean(), from: From }),
  ),
  version: Length,
  rule: orNull(Text),
  number: orNull(Text),
  // Of calls of earlier versions these are not there.
  others: Type.Optional(Type.Array(Text)),
  askedSince: Type.Optional(Time),
  statedIsEnough: Type.Optional(Type.Boolean()),
  purposeAndIdentity: Type.Optional(Type.Boolean()),
  site: Type.Object({ region: Text, subdivision: Text }),
  language: LanguageSchema,
});

export const notice = noun({
  table: 'notices',
  key: (row) => row.call_id,
  json: ['decision'],
  shape: Type.Object({ call_id: Text, at: Time, decision: Decision }),
  make: ({ call_id: callId, at, decision }): Notice => ({
    ...{ others: [], askedSince: 0, statedIsEnough: false, purposeAndIdentity: false },
    ...(decision as Static<typeof Decision> & Pick<Notice, 'because'>),
    callId,
    at,
  }),
});

const Place = Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const FoundShape = Type.Union([
  Type.Object({
    found: Type.Literal(true),
    in: Type.Enum(['both', 'them', 'us']),
    fromMs: Place,
    untilMs: Place,
    share: Figure,
    correlation: Figure,
  }),
  Type.Object({ found: Type.Literal(false), excused: Type.Boolean() }),
]);

export const played = noun({
  table: 'tellings',
  key: (row) => row.seq,
  json: ['prompt', 'heard_by', 'found'],
  shape: Type.Object({
    seq: Length,
    call_id: Text,
    what: oneOf<TellingKind>({ prompt: true, beep: true, dialplan: true }),
    prompt: Type.Object({
      kind: orNull(Type.Enum([...PROMPT_KINDS])),
      language: Text,
      hash: orNull(Type.String({ pattern: '^[0-9a-f]{64}$' })),
      name: Text,
      durationMs: orNull(Length),
      saysPurpose: Type.Optional(Type.Boolean()),
    }),
    leg: Text,
    started_at: orNull(Time),
    ended_at: Time,
    whole: Flag,
    heard_by: Type.Array(Text),
    failed: Text,
    found: orNull(FoundShape),
  }),
  make: (row): Played => ({
    ...{ callId: row.call_id, seq: row.seq, what: row.what, prompt: row.prompt, leg: row.leg },
    ...{ startedAt: row.started_at, endedAt: row.ended_at, whole: row.whole === 1 },
    ...{ heardBy: row.heard_by, failed: whyIn('failed', row.failed), found: row.found },
  }),
});

export function createNotices(db: Db, reader: Reader, current: (id: CallId) => CallId) {
  const decide = db.prepare(`
    INSERT INTO notices (call_id, at, decision) SELECT id, $at, $decision FROM calls WHERE id = $callId
    ON CONFLICT (call_id) DO UPDATE SET at = excluded.at, decision = excluded.decision`);
  const tell = db.prepare(`
    INSERT INTO tellings (call_id, what, prompt, leg, started_at, ended_at, whole, heard_by, failed)
    SELECT id, $what, $prompt, $leg, $startedAt, $endedAt, $whole, $heardBy, $failed FROM calls WHERE id = $callId`);
  const find = db.prepare('UPDATE tellings SET found = $found WHERE seq = $seq');
  const one = db.prepare('SELECT * FROM notices WHERE call_id = ?');
  const list = db.prepare('SELECT * FROM tellings WHERE call_id = ? ORDER BY seq');
  return {
    decide({ callId, at, ...decision }: Notice): void {
      const row = { callId: current(callId), at, decision: JSON.stringify(decision) };
      if (decide.run(row).changes === 0) throw fail('call_unknown', callId);
    },
    tell(given: Omit<Played, 'seq' | 'found'>): Played {
      const { changes, lastInsertRowid } = tell.run({
        ...{ callId: current(given.callId), what: given.what, prompt: JSON.stringify(given.prompt) },
        ...{ leg: given.leg, startedAt: given.startedAt, endedAt: given.endedAt },
        ...{ whole: Number(given.whole), heardBy: JSON.stringify(given.heardBy) },
        failed: writeWhy(given.failed),
      });
      if (changes === 0) throw fail('call_unknown', given.callId);
      return { ...given, seq: Number(lastInsertRowid), found: null };
    },
    found(seq: number, found: Found): void {
      find.run({ seq, found: JSON.stringify(found) });
    },
    of(id: CallId): ToldCall {
      const callId = current(id);
      return { notice: reader.orNull(notice, one.get(callId)), played: reader.all(played, list.all(callId)) };
    },
  };
}
