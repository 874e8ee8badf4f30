import { Type } from 'typebox';
import { fail } from '../../domain/error.js';
import type { Prompt, PromptKind } from '../../domain/telling/prompt.js';
import type { Language } from '../../domain/telling/schema.js';
import { Flag, Length, noun, oneOf, type Reader, Text, Time } from './checked.js';
import type { Db } from './db.js';

const prompt = noun({
  table: 'prompts',
  key: (row) => `${row.kind} ${row.language} ${row.hash}`,
  shape: Type.Object({
    hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    kind: oneOf<PromptKind>({ announce: true, announce_refusal: true, ask: true }),
    language: oneOf<Language>({ en: true, es: true, fr: true, de: true }),
    name: Text,
    text: Text,
    // Of a catalogue that is not brought up to date yet this is not there.
    says_purpose: Type.Optional(Flag),
    bytes: Length,
    duration_ms: Length,
    added_at: Time,
    added_by: Text,
    active: Flag,
  }),
  make: ({ says_purpose, duration_ms, added_at, added_by, active, ...row }): Prompt => ({
    ...row,
    saysPurpose: says_purpose === 1,
    durationMs: duration_ms,
    addedAt: added_at,
    addedBy: added_by,
    active: active === 1,
  }),
});

export function createPrompts(db: Db, reader: Reader) {
  const put = db.prepare(`
    INSERT INTO prompts (kind, language, hash, name, text, says_purpose, bytes, duration_ms, added_at, added_by, active)
    VALUES ($kind, $language, $hash, $name, $text, $saysPurpose, $bytes, $durationMs, $addedAt, $addedBy, 0)
    ON CONFLICT (kind, language, hash) DO UPDATE SET name = excluded.name, text = excluded.text,
      says_purpose = excluded.says_purpose`);
  const one = db.prepare('SELECT * FROM prompts WHERE kind = ? AND language = ? AND hash = ?');
  const all = db.prepare('SELECT * FROM prompts ORDER BY added_at DESC, hash, kind, language');
  const played = db.prepare('SELECT * FROM prompts WHERE kind = ? AND language = ? AND active = 1');
  const rest = db.prepare('UPDATE prompts SET active = 0 WHERE kind = ? AND language = ? AND active = 1');
  const play = db.prepare('UPDATE prompts SET active = 1 WHERE kind = ? AND language = ? AND hash = ?');
  return {
    add(given: Omit<Prompt, 'active'>): Prompt {
      put.run({ ...given, saysPurpose: Number(given.saysPurpose) });
      return reader.orNull(prompt, one.get(given.kind, given.language, given.hash))!;
    },
    list: (): Prompt[] => reader.all(prompt, all.all()),
    active: (kind: PromptKind, language: Language): Prompt | null =>
      reader.orNull(prompt, played.get(kind, language)),
    activate(kind: PromptKind, language: Language, hash: string | null): void {
      rest.run(kind, language);
      if (hash !== null && play.run(kind, language, hash).changes === 0) throw fail('prompt_unknown', hash);
    },
  };
}
