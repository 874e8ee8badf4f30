import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { unzipSync } from 'fflate';
import t from 'tap';
import type { Played } from '../../../daemon/domain/telling/notice.js';
import { aNotice, aPlaying } from '../../support/catalogue/every-row.js';
import { START } from '../../support/web/dashboard.js';
import { byHand, commands, HOSTILE, haveCall, openHouse, text, verify } from '../../support/web/evidence.js';

t.test('a pack says how people were told, and what of it the sealed audio has', async (t) => {
  const house = await openHouse(t);
  const played = (seq: number, more: Partial<Played>): Played => ({
    ...aPlaying(''),
    ...{ seq, startedAt: START, endedAt: START + 4_000, found: null },
    ...more,
  });
  const { call } = await haveCall(house, randomBytes(150_000), {
    told: {
      notice: aNotice(''),
      played: [
        played(1, {
          found: { found: true, in: 'both', fromMs: 80, untilMs: 4_080, share: 1, correlation: 0.98 },
        }),
        played(2, {
          found: { found: false, excused: false },
          prompt: { ...aPlaying('').prompt, name: HOSTILE },
        }),
        ...Array.from({ length: 12 }, (_, n) => played(3 + n, { what: 'beep' })),
      ],
      directives: [
        { callId: '', seq: 1, at: START + 5_000, kind: 'allow', how: 'digits', who: '1', legId: null },
      ],
    },
  });
  const zip = await house.pack(call.id, '--reason', 'Case 2026/17');
  const files = unzipSync(zip);
  const [, section] = /\nHOW PEOPLE WERE TOLD\n(.*?)\n\n/s.exec(text(files['story.txt']))!;
  t.match(section, 'The parties were to be told by an announcement');
  t.match(section, 'The sealed audio has all of it on both sides, from 0:00:00.1 to 0:00:04.1');
  t.match(section, 'THE SEALED AUDIO DOES NOT HAVE IT.');
  t.match(
    section,
    'our own side stated for the others that they agree to being recorded, by a code on the phone (key 1).',
  );
  t.match(section, 'is what the PBX reported. It proves nothing by itself');
  t.notMatch(section, /\u202e/);

  const consent = JSON.parse(text(files['consent.json']));
  t.match(consent, {
    format_version: 2,
    announcement: { mode: 'announce', jurisdictions: [{ id: 'DE', as_of: '2026-01-01' }] },
    answers: [{ kind: 'allow', key: '1' }],
  });
  t.same(consent.played, JSON.parse(text(files['manifest.json'])).consent.played, 'as it was signed');

  const input = files['cover.pdf']!;
  const pdf = execFileSync('pdftotext', ['-layout', '-', '-'], { input, encoding: 'utf8' });
  t.match(pdf, /How people were told\n/);
  t.match(
    pdf.replace(/\s+/g, ' '),
    'The sealed audio has all of it on both sides, from 0:00:00.1 to 0:00:04.1',
  );
  t.match(pdf, /And \d+ more facts, in story\.txt/);

  const report = await verify(zip);
  t.same(report.faults, []);
  t.ok(report.whole);
  t.match(report.consent, 'THE SEALED AUDIO DOES NOT HAVE IT.');
  const { output, good } = byHand(house, files, commands(text(files['README.txt'])));
  t.ok(good, output);
});
