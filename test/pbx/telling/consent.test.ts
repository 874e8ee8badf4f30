import t from 'tap';
import type { PbxEvent } from '../../../daemon/domain/call/event.js';
import { askConsent } from '../../../daemon/pbx/telling.js';
import { createAnnouncing } from '../../support/pbx/announcing.js';
import { createLab, startPbxOrSkip } from '../../support/pbx/pbx.js';
import { readPrompt } from '../../support/pbx/sources.js';
import { until } from '../../support/recorder.js';
import { hear } from '../../support/recordings/audio.js';

/** The dialplan's own way to tell and to ask: `[tapedeck-consent]` of asterisk-conf, before a call goes on. */

type Consent = Extract<PbxEvent, { kind: 'consent' }>;

t.jobs = 2;
for (const version of [22, 16] as const)
  t.test(`the subroutine on Asterisk ${version}`, { buffered: true }, async (t) => {
    const pbx = await startPbxOrSkip(t, { version, name: `consent-${version}` });
    if (!pbx) return;
    t.teardown(() => pbx.stop());
    const lab = createLab(pbx);
    t.afterEach(() => lab.stop());
    const announcing = await createAnnouncing(pbx, async () => null);
    t.teardown(() => announcing.stop());
    const said = () => announcing.heard.filter((event): event is Consent => event.kind === 'consent');

    /** Calls and presses these keys, a second after the answer and one apart; then the callee has answered. */
    async function calls(number: string, keys: string) {
      await lab.stop(); // the phones of the call before
      const before = said().length;
      const ann = await lab.phone('100');
      const bob = await lab.phone('101');
      const out = await ann.call(number);
      await out.answered;
      for (const key of keys) {
        await out.listen(1);
        await out.dtmf(key);
      }
      const atBob = await bob.incoming();
      await atBob.answered;
      // A recorder that was away can ask. Whoever the caller is connected with has the variables too: they are not theirs.
      const read = async (number: string, caller: boolean) => {
        const { id } = announcing.call().call.legs.find((one) => one.party.number === number)!;
        return askConsent(announcing.ari.variable, { id, caller }, Date.now());
      };
      const own = await read('100', true);
      t.same(await read('101', true), null);
      await out.hangup();
      await atBob.ended;
      return { heard: out.heard(), consent: said().slice(before), own };
    }

    t.test('an announcement is heard whole before anybody answers', async (t) => {
      const { heard, consent, own } = await calls('840', '');
      const { correlation, share } = hear(readPrompt(lab.prompt('tt-weasels')), heard, 8000);
      // Of its ten stretches a busy machine may cut into two, where a frame comes late.
      t.ok(correlation >= 0.9 && share >= 0.7, `${correlation.toFixed(3)}, ${share.toFixed(2)} of it`);
      t.match(consent, [{ answer: 'told', prompt: 'tt-weasels', language: 'en', digit: '' }]);
      t.match(own, { answer: 'told', prompt: 'tt-weasels', language: 'en', digit: '' });
    });
    t.test('refusing: by its key, in the middle of the prompt; without a key they were told', async (t) => {
      t.match(await calls('841', '2'), {
        consent: [{ answer: 'no', digit: '2' }],
        own: { answer: 'no' },
      });
      t.match(await calls('841', ''), {
        consent: [{ answer: 'told', digit: '' }],
        own: { answer: 'told' },
      });
    });
    t.test('asking: only its key is a yes, and another begins the prompt anew', async (t) => {
      t.match(await calls('842', '71'), {
        consent: [{ answer: 'yes', digit: '1' }],
        own: { answer: 'yes', digit: '1' },
      });
      t.match(await calls('842', ''), {
        consent: [{ answer: 'no', digit: '' }],
        own: { answer: 'no' },
      });
    });
    t.test('without the sound file the call goes on, and nobody was told', async (t) => {
      const { consent, own } = await calls('843', '');
      t.same(consent, []);
      t.equal(own, null);
      await until('no channel', async () => /^0 active channels/m.test(await pbx.cli('core show channels')));
    });
  });
