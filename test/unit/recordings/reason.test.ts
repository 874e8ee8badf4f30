import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import type { BadRow } from '../../../daemon/catalogue/catalogue.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { directiveWays } from '../../../daemon/domain/call/directive.js';
import { times } from '../../../daemon/domain/days.js';
import { fail } from '../../../daemon/domain/error.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import {
  because,
  becauseOf,
  type Code,
  readWhy,
  SHAPES,
  together,
  type Why,
  writeWhy,
} from '../../../daemon/domain/reason/reason.js';
import { inWords } from '../../../daemon/domain/reason/words.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';

const T0 = Date.UTC(2026, 0, 5, 9, 0, 0);
const say = times('Europe/Berlin');
const STARVED = 'The PBX was short of processor time:';
const UNWRITTEN = 'The disk of the PBX was full or could not be written:';
const REFUSED = /^(the params of "\w+" are others|the code ".*" is not known)$/;

const WAYS = {
  ...{ digits: 'by keys pressed on a phone', button: 'on the dashboard', api: 'over the API' },
  ...{ user_event: 'by a code or a program on the PBX', dialplan: 'in the dialplan', rule: 'by a rule' },
  timer: 'because its time was up',
  unwatched: 'because somebody may have joined while nobody watched',
};

/** Every code with its sentence. */
const SENTENCES: Record<Exclude<Code, 'text'>, [Why, string][]> = {
  rule: [[because('rule', { reason: 'The law.' }), 'The law.']],
  test_call: [[because('test_call'), 'This is a test call made by Tapedeck.']],
  emergency_number: [[because('emergency_number', { number: '112' }), 'Calls to 112 are never recorded.']],
  objection: [
    [
      because('objection', { day: '2026-05-03' }),
      "The other party's objection of 2026-05-03 to being recorded holds.",
    ],
  ],
  standing_consent: [
    [
      because('standing_consent', { day: '2026-05-03' }),
      "The other party's consent of 2026-05-03 to being recorded holds.",
    ],
  ],
  recorded_by_default: [
    [because('recorded_by_default'), 'No rule matches; every call is recorded by default.'],
  ],
  kept_by_default: [[because('kept_by_default'), 'No rule matches; it is kept forever by default.']],
  policy_unreadable: [
    [
      because('policy_unreadable'),
      'The policy could not be read when the recording was sealed, so it is kept forever.',
    ],
  ],
  kept_at_least: [
    [
      because('kept_at_least', { limit: 'MiFID II', days: 1_827, reason: 'The law.' }),
      'The limit "MiFID II" keeps it for at least 1,827 days. The law.',
    ],
    [
      because('kept_at_least', { limit: 'House', days: 1, reason: '' }),
      'The limit "House" keeps it for at least 1 day.',
    ],
  ],
  kept_at_most: [
    [
      because('kept_at_most', { limit: 'Office', days: 365, reason: 'The law.' }),
      'The limit "Office" allows keeping it for at most 365 days. The law.',
    ],
  ],
  limits_conflict: [
    [
      because('limits_conflict', { min: 'MiFID II', max: 'Office' }),
      'The minimum "MiFID II" is longer than the maximum "Office", so it is kept forever until the policy says which one wins.',
    ],
  ],
  not_kept_short: [
    [
      because('not_kept_short', { seconds: 10, reason: 'Wrong numbers.' }),
      'The call was not longer than 10 s, so its audio was destroyed. Wrong numbers.',
    ],
    [
      because('not_kept_short', { seconds: 10, reason: '' }),
      'The call was not longer than 10 s, so its audio was destroyed.',
    ],
  ],
  not_kept_unasked: [
    [
      because('not_kept_unasked', { reason: 'Only what somebody asks for.' }),
      'Nobody asked for the recording, so the audio was destroyed. Only what somebody asks for.',
    ],
  ],
  taken_up: [[because('taken_up'), 'It was being recorded before a restart.']],
  not_answered: [[because('not_answered'), 'Recording starts when the call is answered.']],
  capture_coming: [[because('capture_coming'), 'Its capture is about to start.']],
  not_running: [[because('not_running'), 'Tapedeck was not running.']],
  stood_still: [[because('stood_still'), 'Tapedeck was frozen.']],
  not_reached: [[because('not_reached'), 'Tapedeck had not reached the PBX yet.']],
  error: [
    [becauseOf(fail('pbx_failed', 'It is away.')), fail('pbx_failed', 'It is away.').message],
    [becauseOf(fail('pbx_failed')), fail('pbx_failed').message],
    [
      because('error', { error: 'of_a_later_version', detail: 'It is away.' }),
      'of_a_later_version: It is away.',
    ],
  ],
  cdrs_overflowed: [
    [because('cdrs_overflowed'), 'More CDRs arrived than could be kept while the catalogue was locked.'],
  ],
  unwatched: [
    [
      because('unwatched', { from: T0, until: T0 + 1_000, why: because('not_running') }),
      'Tapedeck was not running from 2026-01-05 10:00:00 to 2026-01-05 10:00:01.',
    ],
    [
      because('unwatched', { from: null, until: T0, why: because('stood_still') }),
      'Tapedeck was frozen until 2026-01-05 10:00:00.',
    ],
    [
      because('unwatched', { from: null, until: T0, why: because('rule', { reason: 'It is away.' }) }),
      'The link to the PBX was lost until 2026-01-05 10:00:00. It is away.',
    ],
    [
      because('unwatched', { from: null, until: T0, why: null }),
      'The link to the PBX was lost until 2026-01-05 10:00:00.',
    ],
    [
      because('unwatched', { from: null, until: T0, why: readWhy('Tapedeck was not running.') }),
      'Tapedeck was not monitoring the PBX until 2026-01-05 10:00:00. Tapedeck was not running.',
    ],
  ],
  busy: [[because('busy', { ms: 3_049 }), 'Tapedeck was busy and took 3.0 s to ask the PBX to record.']],
  not_watching: [
    [
      because('not_watching', { until: T0 }),
      'Tapedeck was not monitoring the PBX until 2026-01-05 10:00:00.',
    ],
  ],
  answer_told_late: [[because('answer_told_late', { ms: 2_500 }), 'The PBX reported the answer 2.5 s late.']],
  pbx_slow: [[because('pbx_slow', { ms: 2_000 }), 'The PBX took 2.0 s to start recording.']],
  answered_between: [
    [
      because('answered_between', { from: T0, until: T0 + 2_000 }),
      'The call was answered between 2026-01-05 10:00:00 and 2026-01-05 10:00:02; the PBX does not report the exact time.',
    ],
  ],
  answer_unknown: [
    [because('answer_unknown'), 'It is not known whether the call was answered before it ended.'],
  ],
  capture_ended_unwatched: [
    [because('capture_ended_unwatched'), 'The capture ended during that time and was restarted.'],
  ],
  excluded_until_then: [
    [because('excluded_until_then'), 'Until then, a policy rule excluded the call from recording.'],
  ],
  declined_until_then: [
    [because('declined_until_then'), 'Until then, somebody on the call had declined recording.'],
  ],
  not_asked_for_until_then: [
    [because('not_asked_for_until_then'), 'Nobody had asked for the recording until then.'],
  ],
  consent_awaited: [
    [because('consent_awaited'), 'The other party had not agreed to be recorded until then.'],
  ],
  rule_open: [
    [
      because('rule_open'),
      'A rule that may exclude the call waits for something that was not known of it, such as who answered.',
    ],
  ],
  masked: [[because('masked'), 'The audio was masked.']],
  declined: directiveWays.map((how) => [
    because('declined', { at: T0, how }),
    `Recording was declined on ${say(T0)}, ${WAYS[how]}.`,
  ]),
  not_asked_for: [
    [because('not_asked_for'), 'Nobody asked for the recording during the call or in the minute after it.'],
  ],
  nobody_to_tell: [
    [because('nobody_to_tell'), 'Until then, nobody was connected who could be told of the recording.'],
  ],
  not_told: [
    [
      because('not_told'),
      'The announcement could not be played, and the law of a place may not allow recording without it.',
    ],
  ],
  ended_before_told: [
    [because('ended_before_told'), 'The call ended before anybody had heard the whole announcement.'],
  ],
  prompt_interrupted: [[because('prompt_interrupted'), 'The recorder ended while it was being played.']],
  no_consent: [[because('no_consent'), 'The other party did not agree to be recorded.']],
  source_changed: [
    [
      because('source_changed'),
      'The audio source changed, after which captures on this PBX go silent unless they are restarted.',
    ],
  ],
  source_changed_unwatched: [
    [
      because('source_changed_unwatched'),
      'The audio source changed while Tapedeck was not monitoring the PBX, after which captures on this PBX go silent. Anything said before the capture was restarted may be missing.',
    ],
  ],
  side_silent: [[because('side_silent'), 'One side went silent; the capture was restarted.']],
  taken_over: [
    [because('taken_over'), 'The party being captured left, so the capture moved to another party.'],
  ],
  recording_stopped: [[because('recording_stopped'), 'The PBX stopped recording without being asked to.']],
  ended_for_room: [
    [because('ended_for_room'), 'Tapedeck ended the capture because the disk of the PBX was almost full.'],
  ],
  ended_before_capture: [[because('ended_before_capture'), 'The call ended before its capture had started.']],
  party_hung_up: [
    [because('party_hung_up'), 'The party to be recorded hung up before the capture had started.'],
  ],
  pbx_refused: [[because('pbx_refused'), 'Tapedeck could not make the PBX record.']],
  disk_full: [
    [
      because('disk_full', { of: 'The disk of /x', fault: null, files: null, free: 3e6, reserve: 1e9 }),
      `The disk of /x has 3 MB free; the reserve is 1 GB. ${fail('disk_full').hint}`,
    ],
    [
      because('disk_full', { of: 'The disk of /x', fault: null, files: 12, free: 3e9, reserve: 1e9 }),
      `The disk of /x has room for only 12 more files. ${fail('disk_full').hint}`,
    ],
    [
      because('disk_full', { of: 'The disk of /x', fault: 'EROFS', files: null, free: 3e9, reserve: 1e9 }),
      `The disk of /x is read-only (EROFS). ${fail('disk_full').hint}`,
    ],
  ],
  starved: [
    [because('starved', { ms: 400, between: null }), `${STARVED} 0.4 s of audio is missing.`],
    [
      because('starved', { ms: 400, between: { from: 1_000, until: 67_350 } }),
      `${STARVED} 0.4 s of audio is missing. Tapedeck was not monitoring the PBX, so it is only known to be between 0:01.0 and 1:07.4.`,
    ],
  ],
  starved_in_all: [
    [
      because('starved_in_all', { ms: 400, places: 1, from: 2_200, until: 2_600 }),
      `${STARVED} 0.4 s of audio is missing at 0:02.2.`,
    ],
    [
      because('starved_in_all', { ms: 900, places: 2, from: 2_200, until: 62_600 }),
      `${STARVED} 0.9 s of audio is missing in 2 places from 0:02.2 to 1:02.6.`,
    ],
  ],
  unwritten: [[because('unwritten', { ms: 400, between: null }), `${UNWRITTEN} 0.4 s of audio is missing.`]],
  unwritten_in_all: [
    [
      because('unwritten_in_all', { ms: 900, places: 2, from: 2_200, until: 62_600 }),
      `${UNWRITTEN} 0.9 s of audio is missing in 2 places from 0:02.2 to 1:02.6.`,
    ],
  ],
  side_ended_early: [[because('side_ended_early'), 'Asterisk stopped writing this side early.']],
  began_late: [[because('began_late'), 'The capture started late.']],
  nothing_captured: [[because('nothing_captured'), 'Nothing was captured.']],
  party_left: [
    [
      because('party_left'),
      'The captured party had left the call, and nobody who could be recorded remained in it.',
    ],
  ],
  ended_early: [[because('ended_early'), 'Asterisk stopped writing before the call ended.']],
  ended_and_begun_anew: [
    [because('ended_and_begun_anew'), 'Asterisk stopped writing, and the capture was restarted.'],
  ],
  place_unknown: [
    [
      because('place_unknown'),
      'Asterisk stopped writing early, or the PBX was short of processor time or had a full disk, and this much audio is missing somewhere earlier. The place is not known because Tapedeck does not see the spool of this PBX.',
    ],
  ],
  muted: [
    [because('muted'), 'The PBX had gone silent in the capture, although the parties could hear each other.'],
  ],
  redacted: [[because('redacted'), 'It was redacted: a newer version stands in its place.']],
  cut_off: [
    [because('cut_off'), 'Asterisk exited while it was recording: up to two seconds are missing at the end.'],
  ],
  no_audio: [[because('no_audio'), 'The call ended before any audio arrived.']],
  file_missing: [
    [
      because('file_missing', { side: 'them', detail: 'it is empty.' }),
      'The audio of the outside party or caller is missing: it is empty.',
    ],
    [
      because('file_missing', { side: 'us', detail: 'it is empty' }),
      'The audio of the other side is missing: it is empty.',
    ],
  ],
  files_kept: [[because('files_kept'), 'The files are kept in the spool.']],
  retried_every: [
    [
      because('retried_every', { minutes: 10 }),
      'The captured audio is kept in the spool, and Tapedeck retries every 10 minutes.',
    ],
  ],
  read_when_possible: [
    [because('read_when_possible'), 'The captured audio is kept, and Tapedeck reads it as soon as possible.'],
  ],
  not_seen: [[because('not_seen'), 'Asterisk answered this call, but Tapedeck did not see it.']],
  answer_not_seen: [
    [
      because('answer_not_seen'),
      'Asterisk reports that the call was answered, but Tapedeck saw nobody answer.',
    ],
  ],
  nothing_known: [
    [
      because('nothing_known'),
      'The call was answered, but there is neither a recording nor a reason why not.',
    ],
  ],
  no_cdr: [[because('no_cdr'), 'Asterisk has no CDR for this call.']],
  cdr_unanswered: [[because('cdr_unanswered'), "Asterisk's CDR says that nobody answered."]],
  lengths_differ: [
    [
      because('lengths_differ', { pbx: 30_000, tapedeck: 27_040 }),
      'Asterisk reports a length of 30 s, Tapedeck 27 s.',
    ],
  ],
  recording_differs: [
    [
      because('recording_differs', { pbx: 30_000, recording: 27_060 }),
      'Asterisk reports a length of 30 s, but the recording has 27.1 s.',
    ],
  ],
  many_due: [
    [
      because('many_due', { due: 5, total: 10, percent: 20 }),
      '5 of 10 recordings are due (50%), more than the safety limit of 20%.',
    ],
    [
      because('many_due', { due: 2, total: 3, percent: 20 }),
      '2 of 3 recordings are due (66.7%), more than the safety limit of 20%.',
    ],
  ],
  legal_hold: [
    [because('legal_hold', { matters: ['Smith', 'Tax audit'] }), 'It is under legal hold: Smith, Tax audit.'],
  ],
  legal_hold_applying: [
    [
      because('legal_hold_applying', { matters: ['Smith'] }),
      'Nothing is erased until it is known what these legal holds cover: Smith.',
    ],
  ],
  before_minimum: [
    [
      because('before_minimum', { until: Date.UTC(2030, 0, 1), rule: null }),
      'It has to be kept until 2030-01-01 01:00:00.',
    ],
    [
      because('before_minimum', { until: Date.UTC(2030, 0, 1), rule: 'MiFID' }),
      'It has to be kept until 2030-01-01 01:00:00 by the rule "MiFID".',
    ],
  ],
  clock_behind: [
    [
      because('clock_behind', { ms: 61_000 }),
      'The clock may be wrong: it is 2 minutes behind the newest recording.',
    ],
  ],
  clock_behind_run: [
    [
      because('clock_behind_run', { ms: 120_000 }),
      'The clock may be wrong: it is 2 minutes behind the last retention run.',
    ],
  ],
  clock_past_run: [
    [
      because('clock_past_run', { ms: 9 * 86_400_000 }),
      'The clock may be wrong, or Tapedeck was off for long: the last retention run was 9 days ago.',
    ],
  ],
  over_count: [
    [
      because('over_count', { due: 20, count: 10 }),
      '20 recordings are due, more than the safety limit of 10 recordings.',
    ],
  ],
  policy_empty: [
    [
      because('policy_empty', { version: 4 }),
      'Version 4 of the policy has no retention rules, but recordings are due by earlier ones.',
    ],
  ],
  retention_shortened: [
    [
      because('retention_shortened', { rules: 'Sales', from: 3, to: 4 }),
      'Version 4 of the policy keeps recordings for a shorter time than version 3, by which recordings were last erased: Sales.',
    ],
  ],
  erased_by_hand: [
    [
      because('erased_by_hand', { by: 'Ada', approvedBy: null, reason: 'Asked for' }),
      'Erased by hand by Ada: Asked for',
    ],
    [
      because('erased_by_hand', { by: 'Ada', approvedBy: 'Gus', reason: 'Asked for' }),
      'Erased by hand by Ada, approved by Gus: Asked for',
    ],
  ],
  clock_past: [
    [
      because('clock_past', { ms: 7 * 86_400_000 + 1 }),
      'The clock may be wrong: it is 7 days ahead of the newest recording.',
    ],
  ],
  due: [
    [because('due', { rule: 'Short', why: because('rule', { reason: 'The law.' }) }), 'Short: The law.'],
    [because('due', { rule: null, why: readWhy('The law.') }), 'The law.'],
    [because('due', { rule: null, why: null }), ''],
  ],
  gap: [
    [
      because('gap', { from: 7_400, until: 67_350, side: 'us', why: because('muted') }),
      'No audio of the other side was recorded from 0:07.4 to 1:07.4. The PBX had gone silent in the capture, although the parties could hear each other.',
    ],
    [
      because('gap', { from: 0, until: 1_000, side: 'them', why: because('began_late') }),
      'No audio of the outside party or caller was recorded from 0:00.0 to 0:01.0. The capture started late.',
    ],
    [
      because('gap', { from: 0, until: 1_000, side: 'both', why: because('began_late') }),
      'Nothing was recorded from 0:00.0 to 0:01.0. The capture started late.',
    ],
  ],
  several: [
    [
      together(because('cut_off'), null, because('files_kept'))!,
      'Asterisk exited while it was recording: up to two seconds are missing at the end. The files are kept in the spool.',
    ],
  ],
};
const every = Object.values(SENTENCES).flat();

t.test('every code has its sentence, and is read as it was written', async (t) => {
  t.same(
    Object.keys(SENTENCES).toSorted(),
    Object.keys(SHAPES)
      .filter((c) => c !== 'text')
      .toSorted(),
  );
  for (const [why, sentence] of every) {
    t.equal(inWords(why, say), sentence, why.code);
    t.same(readWhy(writeWhy(why)), why, why.code);
  }
  t.equal(inWords(null), '');
  t.equal(
    inWords(because('not_watching', { until: T0 })),
    'Tapedeck was not monitoring the PBX until 2026-01-05T09:00:00.000Z.',
  );
});

t.test('several reasons are one, in their order; none is none', async (t) => {
  const [a, b, c] = [because('cut_off'), because('muted'), because('no_audio')];
  t.equal(together(null, undefined), null);
  t.same(together(null, a), a);
  t.same(together(together(a, b), c), because('several', { whys: [a, b, c] }), 'and none is inside another');
});

t.test('what a version without codes wrote is a sentence, and stays one', async (t) => {
  t.equal(readWhy(''), null);
  t.equal(writeWhy(null), '');
  for (const text of [
    'Tapedeck was not running.',
    '{broken',
    '[]',
    '{}',
    '{"reason":"x"}',
    ' {"code":"busy"}',
    '0',
  ]) {
    t.same(readWhy(text), { code: 'text', params: { text } }, text);
    t.equal(inWords(readWhy(text)), text);
    t.equal(writeWhy(readWhy(text)), text, 'written as it was');
  }
});

t.test('a reason that no version can have written is refused', async (t) => {
  const deep = Array.from({ length: 20 }).reduce<object>(
    (inner) => ({ code: 'due', params: { rule: null, why: inner } }),
    { code: 'muted', params: {} },
  );
  for (const wrong of [
    { code: 'nothing_like_it', params: {} },
    { code: 'toString', params: {} },
    { code: '__proto__', params: {} },
    { code: 7, params: {} },
    { code: 'busy' },
    { code: 'busy', params: {} },
    { code: 'busy', params: { ms: '3' } },
    { code: 'busy', params: { ms: 3, more: 1 } },
    { code: 'busy', params: { ms: 3 }, more: 1 },
    { code: 'not_watching', params: { until: -1 } },
    { code: 'not_watching', params: { until: 1e15 } },
    { code: 'muted', params: null },
    { code: 'muted', params: [] },
    {
      code: 'several',
      params: {
        whys: [
          { code: 'muted', params: {} },
          { code: 'busy', params: {} },
        ],
      },
    },
    { code: 'several', params: { whys: [null] } },
    { code: 'gap', params: { from: 0, until: 1, side: 'nobody', why: null } },
    { code: 'due', params: { rule: null, why: 'The law.' } },
    deep,
  ])
    t.throws(() => readWhy(JSON.stringify(wrong)), REFUSED, JSON.stringify(wrong).slice(0, 60));
  t.throws(() => readWhy('{"code":"busy","params":{"ms":1e999}}'), REFUSED);
});

t.test('a row with such a reason is a bad row: it is reported, and the others are read', async (t) => {
  const path = join(t.testdir(), 'catalogue.db');
  const bad: BadRow[] = [];
  const catalogue = createSqliteCatalogue({ path, onBadRow: (row) => void bad.push(row) });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  for (const id of ['A', 'B']) {
    await catalogue.calls.save(aCall(id), {
      ...{ status: 'partial', why: because('cut_off'), rule: null, missingMs: 0 },
    });
    const gaps = [{ atMs: 0, untilMs: 1_000, side: 'both' as const, why: because('began_late') }];
    const recording = aRecording(`R${id}`, id, { gaps });
    await catalogue.recordings.sealed(
      recording,
      new Uint8Array(4),
      (await catalogue.calls.get(id))!.coverage,
    );
    await catalogue.recordings.eraseIntended(
      `R${id}`,
      because('due', { rule: 'Short', why: recording.keepWhy }),
      1,
    );
  }
  await catalogue.watch.open(FIRST, T0, because('not_running'));
  t.match(await catalogue.calls.get('A'), {
    coverage: { why: { code: 'cut_off' } },
    recording: { gaps: [{ why: { code: 'began_late' } }], eraseWhy: { code: 'due' } },
  });
  const db = new Database(path);
  t.teardown(() => db.close());
  const set = (sql: string) => db.prepare(sql).run();
  const wrong = '{"code":"nothing_like_it","params":{}}';

  set(`UPDATE recordings SET gaps = json_replace(gaps, '$[0].why', json('${wrong}')) WHERE id = 'RA'`);
  t.equal((await catalogue.calls.get('A'))?.recording, null, 'the call is shown without its recording');
  t.match(bad.at(-1), { table: 'recordings', key: 'RA', fault: /"gaps" has a reason.*nothing_like_it/ });
  set(`UPDATE calls SET coverage_reason = '${wrong}' WHERE id = 'A'`);
  await t.rejects(catalogue.calls.get('A'), { code: 'row_unreadable' });
  t.match(
    (await catalogue.calls.list({ reach: 'all', limit: 10 })).map(({ id }) => id),
    ['B'],
  );
  t.match(bad.at(-1), { table: 'calls', key: 'A', fault: /"coverage_reason" has a reason/ });
  set(`UPDATE blind_windows SET reason = '{"code":"busy","params":{}}'`);
  t.same(await catalogue.watch.windows(), []);
  t.match(bad.at(-1), { table: 'blind_windows', fault: /the params of "busy" are others/ });
});

t.test('sentences are read only: nothing makes a reason of the code "text"', async (t) => {
  const root = join(import.meta.dirname, '../../..');
  const files = ['daemon', 'web'].flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.tsx?$/.test(file) && !file.includes('node_modules'))
      .map((file) => `${top}/${file}`),
  );
  t.ok(files.length > 300);
  const makes = /code: ['"`]text['"`]|because\(\s*['"`]text['"`]/g;
  t.same(
    files.flatMap(
      (file) =>
        readFileSync(join(root, file), 'utf8')
          .match(makes)
          ?.map(() => file) ?? [],
    ),
    ['daemon/catalogue/sqlite/alarms.ts', 'daemon/domain/reason/reason.ts'],
    'but where stored ones are read',
  );
});
