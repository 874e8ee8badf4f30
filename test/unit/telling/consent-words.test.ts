import t from 'tap';
import { consentOf, toldInWords } from '../../../daemon/domain/call/consent.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import {
  buildManifest,
  type Manifest,
  manifestText,
  parseManifest,
} from '../../../daemon/domain/recording/manifest.js';
import type { Recording } from '../../../daemon/domain/recording/recording.js';
import type { Told } from '../../../daemon/domain/telling/ledger.js';
import type { Found, Played } from '../../../daemon/domain/telling/notice.js';
import { aNotice, aPlaying } from '../../support/catalogue/every-row.js';
import { aCall, aRecording, nothingTold } from '../../support/recordings/a-call.js';

const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const party = { number: '101', name: 'Grace Desk', ours: true };
const leg = { party, endpoint: 'PJSIP/101', seenAt: 0, upAt: 0, goneAt: null };
const call = aCall(id, {
  legs: [
    { ...leg, id: 'L' },
    { ...leg, id: 'M', party: { number: '+15550123', name: 'Ada Caller', ours: false } },
  ] as never,
});
const at = (ms: number) => call.answeredAt! + ms;

const playing = (more: Partial<Played> = {}): Played => ({
  ...aPlaying(id),
  ...{ seq: 1, startedAt: at(80), endedAt: at(4_180), found: null },
  ...more,
});
const FOUND: Found = { found: true, in: 'us', fromMs: 91, untilMs: 4_091, share: 1, correlation: 0.98765 };

function signed(told: Partial<Told>, recording: Partial<Recording> = {}): Manifest {
  return buildManifest({
    ...{ call, recording: aRecording(id, id, recording), segments: [], decision: null, policyVersion: 3 },
    coverage: { status: 'recorded', why: null, rule: null, missingMs: 0 },
    told: { ...nothingTold, ...told },
    ...{ sealedFor: null, version: '1', madeAt: 5, later: false },
  });
}
const words = (told: Partial<Told>, recording: Partial<Recording> = {}) =>
  toldInWords(signed(told, recording)).join('\n');

t.test('a manifest of before the ledger, and a call without one, say that nothing is on record', (t) => {
  const now = signed({});
  t.match(toldInWords(now), [/^No announcement to the parties .* is on record\. That does not mean/]);
  const { rule, policy_version } = now.consent;
  const before: Manifest = { ...now, format_version: 4, consent: { rule, policy_version, notice: null } };
  t.same(parseManifest(manifestText(before)), before, 'which is still read');
  t.same(toldInWords(before), toldInWords(now));
  t.match(consentOf(before), { announcement: null, played: [], answers: [] });
  t.end();
});

t.test('how people were to be told, by which jurisdictions, and what that is not', (t) => {
  const overridden = { id: 'DE', asOf: '3', overridden: true, from: 'number' } as const;
  const said = words({
    notice: { ...aNotice(id), mode: 'beep', beepSeconds: 15, rule: 'Sales', jurisdictions: [overridden] },
  });
  t.match(said, 'were to be told by a repeated tone, every 15 s, in the language "de", by version 1');
  t.match(said, '(by its rule "Sales")');
  t.match(
    said,
    "DE, which the other party's number hints at, asks for telling them at least by a question with a key to agree",
  );
  t.match(said, 'as of 3, changed by an administrator. That is information in Tapedeck, not legal advice');
  t.match(said, 'Nothing is on record as having been played.');
  t.match(words({ notice: { ...aNotice(id), because: [] } }), '(no rule asked for another way)');
  t.end();
});

t.test('what was played is what the PBX said, and what was found is said beside it', (t) => {
  const of = (more: Partial<Played>, recording: Partial<Recording> = {}) =>
    words({ played: [playing(more)] }, recording);
  const said = of({ found: FOUND });
  t.match(
    said,
    '0:00:00.1 to 0:00:04.2: An announcement (language "de", SHA-256 begins aaaaaaaaaaaaaaaa), played to Grace Desk (101).',
  );
  t.match(
    said,
    'all of it was played. Grace Desk (101), Ada Caller (+15550123) heard it from beginning to end.',
  );
  t.match(
    said,
    'The sealed audio has all of it on the right side, from 0:00:00.1 to 0:00:04.1 (correlation 0.99).',
  );
  t.match(said, 'is what the PBX reported. It proves nothing by itself');
  t.match(said, 'How the parties were to be told is not on record.');
  t.match(of({ found: { ...FOUND, in: 'both', share: 0.625 } }), 'has 62 % of it on both sides');
  t.match(of({ found: { ...FOUND, share: 0.994 } }), 'has 99 % of it');
  t.match(of({ found: { found: false, excused: false } }), 'THE SEALED AUDIO DOES NOT HAVE IT.');
  t.match(
    of({ found: { found: false, excused: true } }),
    'does not have it: the recording is silent or missing',
  );
  t.match(of({}), 'It was not looked for in the sealed audio.');
  const cut = of({ whole: false, heardBy: [], startedAt: null, failed: because('pbx_refused') });
  t.match(cut, 'Never begun: An announcement');
  t.match(cut, /It was not played to its end\. \S/);
  t.notMatch(cut, 'looked for');
  const dialplan = { ...playing().prompt, hash: null, name: 'custom/hello', language: 'nl' };
  t.match(
    of({ what: 'dialplan', prompt: dialplan, leg: 'gone' }),
    `An announcement of the PBX's dialplan (language "nl", "custom/hello"), played to the leg gone.`,
  );
  const mask = { atMs: 0, untilMs: 2_000, side: 'both', kind: 'redacted', writtenMs: 0 } as const;
  t.match(of({ found: FOUND }, { masks: [mask] }), 'a redaction has silenced some of it or all of it since');
  t.notMatch(of({ found: FOUND }, { masks: [{ ...mask, kind: 'mask' }] }), 'redaction');
  t.notMatch(of({ found: FOUND }, { masks: [{ ...mask, atMs: 9_000, untilMs: 9_500 }] }), 'redaction');
  t.end();
});

t.test('who agreed or refused, how, and with which key: never a name of who sat at the dashboard', (t) => {
  const answer = { callId: id, seq: 1, at: at(5_000), legId: 'M' } as const;
  const { consent } = signed({
    directives: [
      { ...answer, kind: 'allow', how: 'digits', who: '1' },
      { ...answer, kind: 'decline', how: 'button', who: 'Ann Admin', legId: null },
      { ...answer, kind: 'mask', how: 'rule', who: '' },
      { ...answer, kind: 'decline', how: 'dialplan', who: '9' },
    ],
  });
  t.same(consent.answers, [
    { kind: 'allow', how: 'digits', key: '1', at_ms: 5_000, leg: 'M' },
    { kind: 'decline', how: 'button', key: '', at_ms: 5_000, leg: null },
    { kind: 'decline', how: 'dialplan', key: '9', at_ms: 5_000, leg: 'M' },
  ]);
  const said = toldInWords({ ...signed({}), consent }).join('\n');
  t.match(
    said,
    '0:00:05.0: Ada Caller (+15550123) agreed to being recorded, by a code on the phone (key 1).',
  );
  t.match(said, '0:00:05.0: somebody refused to be recorded, said on the dashboard.');
  t.notMatch(said, 'Ann Admin');
  t.match(words({ notice: aNotice(id) }), 'Nobody is on record as having agreed or refused.');
  t.end();
});
