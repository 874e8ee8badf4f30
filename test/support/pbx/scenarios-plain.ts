import { connect, connectIn, hold, internal, type Scenario, talk, transfer } from './scenario.js';

const ringsOn = () => ({ answerAfterMs: null });

/** Calls that stay where they are: answered or not, by queue, group, hold, parking, pickup, conference, voicemail. */
export const plain: Scenario[] = [
  {
    name: 'a hold of more than a minute is one call, one mark and one recording',
    phones: 2,
    async play(s) {
      const [a, b] = s.actors;
      const [call, atB] = await connect(a!, b!);
      await s.seconds(3);
      await atB.hold();
      await s.seconds(62);
      await atB.unhold();
      await s.seconds(3);
      await call.hangup();
    },
    expected: ({ actors: [a, b] }) => [
      { ...internal(a!, b!), marks: [hold(b!, '3-65')], left: 'a68', right: 'b3 ~62 b3' },
    ],
  },
  {
    name: 'an outside caller is answered',
    phones: 1,
    async play(s) {
      const [call] = await connectIn(s, s.actors[0]!);
      await s.seconds(3);
      await call.hangup();
    },
    expected: ({ actors: [a], caller }) => [
      {
        direction: 'in',
        them: caller,
        us: a!.user,
        did: `5554${a!.user}`,
        dialled: `5554${a!.user}`,
        left: 'o3',
        right: 'a3',
      },
    ],
  },
  {
    name: 'an outside number answers a phone',
    phones: 1,
    async play(s) {
      const [a] = s.actors;
      const call = await a!.phone.call(`9${s.dialled(0)}`);
      await s.outsideRings(s.dialled(0));
      await call.answered;
      await s.seconds(3);
      await call.hangup();
    },
    expected: ({ actors: [a], dialled }) => [
      { direction: 'out', them: dialled(0), us: a!.user, dialled: `9${dialled(0)}`, left: 'o3', right: 'a3' },
    ],
  },
  {
    name: 'one phone answers another, which hangs up',
    phones: 2,
    async play(s) {
      const [a, b] = s.actors;
      const [, atB] = await connect(a!, b!);
      await s.seconds(3);
      await atB.hangup();
    },
    expected: ({ actors: [a, b] }) => [{ ...internal(a!, b!), dialled: b!.user, left: 'a3', right: 'b3' }],
  },
  {
    name: 'a busy phone, a caller who gives up and a phone that nobody answers leave a row and no file',
    phones: 2,
    options: ringsOn,
    async play(s) {
      const [a, b] = s.actors;
      b!.phone.setBusy(true);
      await (await a!.phone.call(b!.user)).ended;
      b!.phone.setBusy(false);
      const cancelled = await a!.phone.call(b!.user);
      await b!.phone.incoming();
      await s.seconds(1);
      await cancelled.hangup();
      await (await a!.phone.call(`22${b!.user}`)).ended;
    },
    expected: ({ actors: [a, b] }) =>
      (['busy', 'cancelled', 'no_answer'] as const).map((outcome) => ({ ...internal(a!, b!), outcome })),
  },
  {
    name: 'a call that the dialplan drops says so, and one whose caller tires of a prompt is the caller’s doing',
    phones: 1,
    async play(s) {
      const [a] = s.actors;
      await (await a!.phone.call('281')).ended;
      await (await a!.phone.call('282')).ended;
      const call = await a!.phone.call('282');
      await call.ringing;
      await call.hangup();
    },
    expected: ({ actors: [a] }) => [
      { direction: 'internal', outcome: 'busy', them: a!.user, us: '281', dialled: '281' },
      { direction: 'internal', outcome: 'failed', them: a!.user, us: '282', dialled: '282' },
      { direction: 'internal', outcome: 'cancelled', them: a!.user, us: '282', dialled: '282' },
    ],
  },
  {
    name: 'an outside caller waits in a queue, with music, until an agent answers',
    phones: ['101', '102'],
    options: ringsOn,
    async play(s) {
      const [a, b] = s.actors;
      const call = await s.outside('5552000');
      const [, atB] = await Promise.all([a!.phone.incoming(), b!.phone.incoming()]);
      await s.seconds(4);
      await atB.answer();
      await s.seconds(3);
      await call.hangup();
    },
    expected: ({ caller }) => [
      {
        direction: 'in',
        them: caller,
        us: '102',
        did: '5552000',
        queue: 'support',
        marks: ['queue support 0-4 by outside', 'agent Agent102 4 by outside'],
        left: 'o7',
        right: '-4 b3',
      },
    ],
  },
  {
    name: 'of a ring group one phone answers',
    phones: 3,
    options: (i) => ({ answerAfterMs: i === 1 ? 500 : null }),
    async play(s) {
      const [a, b, c] = s.actors;
      const call = await a!.phone.call(`29${b!.user}${c!.user}`);
      await call.answered;
      await s.seconds(3);
      await call.hangup();
    },
    expected: ({ actors: [a, b, c] }) => [
      { ...internal(a!, b!), dialled: `29${b!.user}${c!.user}`, left: 'a3', right: 'b3' },
    ],
  },
  {
    name: 'the caller holds and resumes, and then the one who was called',
    phones: 2,
    async play(s) {
      const [a, b] = s.actors;
      const [call, atB] = await connect(a!, b!);
      await s.seconds(2);
      await call.hold();
      await s.seconds(3);
      await call.unhold();
      await s.seconds(2);
      await atB.hold();
      await s.seconds(3);
      await atB.unhold();
      await s.seconds(2);
      await call.hangup();
    },
    expected: ({ actors: [a, b] }) => [
      {
        ...internal(a!, b!),
        marks: [hold(a!, '2-5'), hold(b!, '7-10')],
        left: 'a2 .3 a7',
        right: 'b7 ~3 b2',
      },
    ],
  },
  {
    name: 'a call is parked and fetched by another phone',
    phones: 3,
    async play(s) {
      const [a, b, c] = s.actors;
      const [call, atB] = await connect(a!, b!);
      await s.seconds(2);
      // It is told which space it is before the transfer counts as done.
      const parked = atB.refer('700');
      const fetching = s.seconds(4).then(async () => {
        const fetched = await c!.phone.call('701');
        await fetched.answered;
      });
      await Promise.all([parked, fetching]);
      await s.seconds(3);
      await call.hangup();
    },
    expected: ({ actors: [a, b] }) => [
      {
        ...internal(a!, b!),
        marks: [transfer(b!, '700', 2), `park 701 2-6 by ${a!.user}`],
        left: 'a9',
        right: 'b2 -4 c3',
      },
    ],
  },
  {
    name: 'a call that rings at one phone is picked up by another',
    phones: 3,
    options: (i) => (i === 1 ? ringsOn() : {}),
    async play(s) {
      const [a, b, c] = s.actors;
      const call = await a!.phone.call(b!.user);
      await b!.phone.incoming();
      await s.seconds(1);
      await c!.phone.call(`25${b!.user}`);
      await call.answered;
      await s.seconds(3);
      await call.hangup();
    },
    expected: ({ actors: [a, b, c] }) => [
      { ...internal(a!, c!), marks: [`pickup ${c!.user} 0 by ${b!.user}`], left: 'a3', right: 'c3' },
    ],
  },
  {
    name: 'a conference of three is one call, and says who came and went',
    phones: 3,
    async play(s) {
      const [a, b, c] = s.actors;
      const atA = await a!.phone.call('300');
      await s.seconds(3);
      const atB = await b!.phone.call('300');
      await s.seconds(2);
      const atC = await c!.phone.call('300');
      await s.seconds(3);
      await atB.hangup();
      await s.seconds(2);
      await atC.hangup();
      await atA.hangup();
    },
    expected: ({ actors: [a, b, c] }) => [
      {
        ...internal(a!, b!),
        dialled: '300',
        marks: [
          `joined ${b!.user} 3 by ${b!.user}`,
          `joined ${c!.user} 5 by ${c!.user}`,
          `left ${b!.user} 8 by ${b!.user}`,
        ],
        left: 'a10',
        right: '-3 b2 b+c3 c2',
      },
    ],
  },
  {
    name: 'voicemail is a call that the PBX itself answers',
    phones: 1,
    hindrance: async ({ pbx }) =>
      /not registered/.test(await pbx.cli('core show application VoiceMail'))
        ? `this Asterisk ${pbx.version} has no app_voicemail`
        : null,
    async play(s) {
      const call = await s.actors[0]!.phone.call('400');
      await call.answered;
      await s.seconds(5);
      await call.hangup();
    },
    expected: ({ actors: [a] }) => [
      { direction: 'internal', them: a!.user, us: '400', dialled: '400', left: 'a5', right: '~5' },
    ],
  },
  {
    name: 'a Local channel that optimises itself away is not in the story',
    phones: 2,
    play: talk((b) => `23${b.user}`),
    expected: ({ actors: [a, b] }) => [{ ...internal(a!, b!), left: 'a3', right: 'b3' }],
  },
  {
    name: 'a Local channel that stays is not in the story either',
    phones: 2,
    play: talk((b) => `24${b.user}`),
    expected: ({ actors: [a, b] }) => [{ ...internal(a!, b!), left: 'a3', right: 'b3' }],
  },
  {
    name: 'a caller who is forwarded to an outside number speaks on the left, who answers there on the right',
    phones: 0,
    async play(s) {
      const call = await s.outside('5556009');
      await s.outsideRings('12125556009');
      await call.answered;
      await s.seconds(3);
      await call.hangup();
    },
    expected: ({ caller }) => [
      { direction: 'in', them: caller, us: '12125556009', did: '5556009', left: 'o3', right: 'p3' },
    ],
  },
  {
    name: 'a phone that takes a second call while the first waits has two calls of their own',
    phones: 3,
    async play(s) {
      const [a, b, c] = s.actors;
      const [, atB] = await connect(a!, b!);
      await s.seconds(2);
      const second = await c!.phone.call(b!.user);
      await second.ringing;
      await atB.hold();
      const other = await b!.phone.incoming();
      await second.answered;
      await s.seconds(3);
      await other.hangup();
      await atB.unhold();
      await s.seconds(3);
      await atB.hangup();
    },
    expected: ({ actors: [a, b, c] }) => [
      { ...internal(a!, b!), marks: [hold(b!, '2-5')], left: 'a8', right: 'b2 ~3 b3' },
      { ...internal(c!, b!), left: 'c3', right: 'b3' },
    ],
  },
];
