import t from 'tap';
import { tellingLab } from '../../support/pbx/told/lab.js';
import { seconds, until } from '../../support/recorder.js';

/** Somebody enters an objection, or puts a number on a list, while a call with it is being recorded. */

t.test('an objection that comes in mid-call ends the capture, and no byte of it is left', async (t) => {
  const made = await tellingLab(t, 22, 'objection');
  if (!made) return;
  const lab = made;
  await lab.policy({
    telling: {},
    record: [{ name: 'Do not record', reason: 'They asked.', when: { list: ['No'] }, outcome: 'skip' }],
  });
  await lab.api.json('POST', '/lists', { name: 'No' });
  const ways = {
    objection: (number: string) =>
      lab.api.json('POST', '/consents', { kind: 'objection', number, given: '2026-01-03', how: 'Said' }),
    'number list': (number: string) => lab.api.json('POST', '/lists/No/numbers', { number }),
  };
  for (const [way, enter] of Object.entries(ways))
    await t.test(way, async (t) => {
      const before = new Set(await lab.audioLeft());
      const left = async () => (await lab.audioLeft()).filter((file) => !before.has(file));
      const number = `+1212555${way === 'objection' ? '2001' : '2002'}`;
      const { id, out } = await lab.talk(number);
      await until('sound is captured', async () => (await left()).length > 0);
      await enter(number);
      // Nothing happens in the call itself.
      await until('the capture is gone', async () => {
        const segments = await lab.catalogue.segments.of(id);
        return segments.length > 0 && segments.every(({ state }) => state === 'dropped');
      });
      t.same(await left(), [], 'while the call lasts');
      const heard = out.heard().length;
      await seconds(1.5);
      t.ok(out.heard().length - heard > 8_000, 'the call goes on');
      await out.hangup();
      t.match(await lab.ended(number), {
        coverage: { status: 'excluded', rule: way === 'objection' ? 'Objection' : 'Do not record' },
        recording: null,
      });
      t.same(await left(), [], 'and after it');
    });
});
