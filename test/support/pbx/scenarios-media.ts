import { faultsOf } from '../../../daemon/pbx/known-faults.js';
import { connect, internal, type Scenario, talk } from './scenario.js';
import { wideTone } from './sources.js';

/** Calls whose media is not as it should be, or not as usual. */
export const media: Scenario[] = [
  {
    name: 'A-law on one side and G.722 on the other',
    phones: 2,
    options: (i) => ({ codecs: [i === 0 ? 'alaw' : 'g722'] }),
    flaw: ({ pbx }) => faultsOf(pbx).find((f) => f.id === 'one-direction-mangled')?.means ?? null,
    play: talk(),
    expected: ({ actors: [a, b] }) => [{ ...internal(a!, b!), left: 'a3', right: 'b3' }],
  },
  {
    name: 'a wideband call is kept wideband',
    phones: 2,
    options: (i) => ({
      codecs: ['g722'],
      source: () => (i === 0 ? wideTone(500, 5300) : wideTone(700, 6100)),
    }),
    play: talk(),
    expected: ({ actors: [a, b] }) => [
      { ...internal(a!, b!), left: 'a3', right: 'b3', rate: 16_000, high: { left: 5300, right: 6100 } },
    ],
  },
  {
    name: 'an announcement before the answer is not in the recording, which begins with the answer',
    phones: 2,
    play: talk((b) => `27${b.user}`),
    expected: ({ actors: [a, b] }) => [{ ...internal(a!, b!), left: 'a3', right: 'b3' }],
  },
  {
    name: 'a caller who sends no sound at all is silence of the right length',
    phones: 2,
    async play(s) {
      const [a, b] = s.actors;
      const call = await a!.phone.call(b!.user);
      call.rtp.pause();
      await call.answered;
      await s.seconds(4);
      await call.hangup();
    },
    expected: ({ actors: [a, b] }) => [{ ...internal(a!, b!), left: '.4', right: 'b4' }],
  },
  {
    name: 'one leg loses 15 of 100 packets',
    phones: 2,
    async play(s) {
      const [call] = await connect(s.actors[0]!, s.actors[1]!);
      call.rtp.drop(0.15);
      await s.seconds(5);
      await call.hangup();
    },
    expected: ({ actors: [a, b] }) => [{ ...internal(a!, b!), left: 'a5', right: 'b5' }],
  },
  {
    name: 'a phone begins a new stream in mid-call',
    phones: 2,
    async play(s) {
      const [call, atB] = await connect(s.actors[0]!, s.actors[1]!);
      await s.seconds(2);
      // Higher, for the reason that stage.ts gives.
      call.rtp.restart({ seq: call.rtp.nextSeq() + 1000 });
      atB.rtp.restart({ seq: atB.rtp.nextSeq() + 1000 });
      await s.seconds(3);
      await call.hangup();
    },
    expected: ({ actors: [a, b] }) => [{ ...internal(a!, b!), left: 'a5', right: 'b5' }],
  },
];
