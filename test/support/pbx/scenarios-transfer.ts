import type { Call } from './phone.js';
import { connect, connectIn, hold, internal, type Scenario, transfer } from './scenario.js';
import type { Actor, Stage } from './stage.js';

/** a calls b, and they speak for two seconds. */
async function speaking(s: Stage) {
  const [a, b, c] = s.actors as [Actor, Actor, Actor];
  const [call, atB] = await connect(a, b);
  await s.seconds(2);
  return { a, b, c, call, atB };
}

/** Who transfers presses a feature code, waits for the prompt, and dials. */
async function byKeys(s: Stage, call: Call, code: '##' | '*2', to: Actor): Promise<void> {
  await call.dtmf(code);
  await s.seconds(1.5);
  await call.dtmf(to.user);
}

/** Somebody else is asked for three seconds, by feature code. Gives their end. */
async function consultByKeys(s: Stage, call: Call, to: Actor): Promise<Call> {
  await byKeys(s, call, '*2', to);
  const atTo = await to.phone.incoming();
  await atTo.answered;
  await s.seconds(3);
  return atTo;
}

/** Somebody else is asked for three seconds, in a call of its own. Gives both ends of it. */
async function consult(s: Stage, held: Call, from: Actor, to: Actor): Promise<[Call, Call]> {
  await held.hold();
  const ends = await connect(from, to);
  await s.seconds(3);
  return ends;
}

/** Asks somebody else first and then connects the two. Gives who is left to hang up. */
async function attended(s: Stage, held: Call, from: Actor, to: Actor): Promise<Call> {
  const [consultation, atTo] = await consult(s, held, from, to);
  await held.referReplaces(consultation);
  return atTo;
}

/** Calls that go from one to another. */
export const transfers: Scenario[] = [
  {
    name: 'a blind transfer by the phone that was called',
    phones: 3,
    async play(s) {
      const { c, call, atB } = await speaking(s);
      await atB.refer(c.user);
      await s.seconds(3);
      await call.hangup();
    },
    expected: ({ actors: [a, b, c] }) => [
      { ...internal(a!, b!), marks: [transfer(b!, c!.user, 2)], left: 'a5', right: 'b2 c3' },
    ],
  },
  {
    name: 'a blind transfer by the phone that called: who was on the right stays there',
    phones: 3,
    async play(s) {
      const { c, call, atB } = await speaking(s);
      await call.refer(c.user);
      await s.seconds(3);
      await atB.hangup();
    },
    expected: ({ actors: [a, b, c] }) => [
      { ...internal(a!, b!), marks: [transfer(a!, c!.user, 2)], left: 'a2 c3', right: 'b5' },
    ],
  },
  {
    name: 'two blind transfers in a row',
    phones: 4,
    async play(s) {
      const [a, b, c, d] = s.actors;
      const [call, atB] = await connect(a!, b!);
      await s.seconds(3);
      const [atC] = await Promise.all([c!.phone.incoming(), atB.refer(c!.user)]);
      await s.seconds(3);
      await atC.refer(d!.user);
      await s.seconds(3);
      await call.hangup();
    },
    expected: ({ actors: [a, b, c, d] }) => [
      {
        ...internal(a!, b!),
        marks: [transfer(b!, c!.user, 3), transfer(c!, d!.user, 6)],
        left: 'a9',
        right: 'b3 c3 d3',
      },
    ],
  },
  {
    name: 'an outside caller is transferred and stays on the left',
    phones: 2,
    async play(s) {
      const [a, b] = s.actors;
      const [call, atA] = await connectIn(s, a!);
      await s.seconds(2);
      await atA.refer(b!.user);
      await s.seconds(3);
      await call.hangup();
    },
    expected: ({ actors: [a, b], caller }) => [
      {
        direction: 'in',
        them: caller,
        us: a!.user,
        marks: [transfer(a!, b!.user, 2)],
        left: 'o5',
        right: 'a2 b3',
      },
    ],
  },
  {
    name: 'a blind transfer by feature code, by the phone that was called',
    phones: 3,
    async play(s) {
      const { c, call, atB } = await speaking(s);
      await byKeys(s, atB, '##', c);
      await c.phone.incoming();
      await s.seconds(3);
      await call.hangup();
    },
    expected: ({ actors: [a, b, c] }) => [
      {
        ...internal(a!, b!),
        marks: [hold(b!, '2.5-4.8'), transfer(b!, c!.user, 4.8)],
        left: 'a8',
        right: 'b2.5 -2.3 c3',
      },
    ],
  },
  {
    name: 'a blind transfer by feature code, by the phone that called',
    phones: 3,
    async play(s) {
      const { c, call, atB } = await speaking(s);
      await byKeys(s, call, '##', c);
      await c.phone.incoming();
      await s.seconds(3);
      await atB.hangup();
    },
    expected: ({ actors: [a, b, c] }) => [
      {
        ...internal(a!, b!),
        marks: [hold(a!, '2.5-4.8'), transfer(a!, c!.user, 4.8)],
        left: 'a4.8 c3',
        right: 'b2.5 -2.3 b3',
      },
    ],
  },
  {
    name: 'an attended transfer by the phone that was called',
    phones: 3,
    async play(s) {
      const { b, c, call, atB } = await speaking(s);
      await attended(s, atB, b, c);
      await s.seconds(3);
      await call.hangup();
    },
    expected: ({ actors: [a, b, c] }) => [
      {
        ...internal(a!, b!),
        marks: [hold(b!, '2-5.2'), transfer(b!, c!.user, 5.2)],
        left: 'a8.2',
        right: 'b2 ~3.2 c3',
      },
      { ...internal(b!, c!), left: 'b3', right: 'c3', consultFor: 0 },
    ],
  },
  {
    name: 'an attended transfer by the phone that called: who was on the right stays there',
    phones: 3,
    async play(s) {
      const { a, c, call, atB } = await speaking(s);
      await attended(s, call, a, c);
      await s.seconds(3);
      await atB.hangup();
    },
    expected: ({ actors: [a, b, c] }) => [
      {
        ...internal(a!, b!),
        marks: [hold(a!, '2-5.2'), transfer(a!, c!.user, 5.2)],
        left: 'a2 .3.2 c3',
        right: 'b8.2',
      },
      { ...internal(a!, c!), left: 'a3', right: 'c3', consultFor: 0 },
    ],
  },
  {
    name: 'two attended transfers in a row, of an outside caller',
    phones: 3,
    async play(s) {
      const [a, b, c] = s.actors;
      const [call, atA] = await connectIn(s, a!);
      await s.seconds(2);
      const atB = await attended(s, atA, a!, b!);
      await s.seconds(2);
      await attended(s, atB, b!, c!);
      await s.seconds(3);
      await call.hangup();
    },
    expected: ({ actors: [a, b, c], caller }) => [
      {
        direction: 'in',
        them: caller,
        us: a!.user,
        marks: [
          hold(a!, '2-5.2'),
          transfer(a!, b!.user, 5.2),
          hold(b!, '7.2-10.4'),
          transfer(b!, c!.user, 10.4),
        ],
        left: 'o13.4',
        right: 'a2 ~3.2 b2 ~3.2 c3',
      },
      { ...internal(a!, b!), left: 'a3', right: 'b3', consultFor: 0 },
      { ...internal(b!, c!), left: 'b3', right: 'c3', consultFor: 0 },
    ],
  },
  {
    name: 'a consultation after which the call goes back to who held it',
    phones: 3,
    async play(s) {
      const { b, c, call, atB } = await speaking(s);
      const [consultation] = await consult(s, atB, b, c);
      await consultation.hangup();
      await atB.unhold();
      await s.seconds(3);
      await call.hangup();
    },
    expected: ({ actors: [a, b, c] }) => [
      { ...internal(a!, b!), marks: [hold(b!, '2-5.2')], left: 'a8.2', right: 'b2 ~3.2 b3' },
      { ...internal(b!, c!), left: 'b3', right: 'c3', consultFor: 0 },
    ],
  },
  {
    name: 'an attended transfer by feature code, by the phone that was called',
    phones: 3,
    async play(s) {
      const { c, call, atB } = await speaking(s);
      await consultByKeys(s, atB, c);
      await atB.hangup();
      await s.seconds(3);
      await call.hangup();
    },
    expected: ({ actors: [a, b, c] }) => [
      {
        ...internal(a!, b!),
        marks: [hold(b!, '2.5-8'), transfer(b!, c!.user, 8)],
        left: 'a11',
        right: 'b2.5 -5.5 c3',
      },
      { ...internal(b!, c!), left: 'b3', right: 'c3', consultFor: 0 },
    ],
  },
  {
    name: 'an attended transfer by feature code, by the phone that called',
    phones: 3,
    async play(s) {
      const { c, call, atB } = await speaking(s);
      await consultByKeys(s, call, c);
      await call.hangup();
      await s.seconds(3);
      await atB.hangup();
    },
    expected: ({ actors: [a, b, c] }) => [
      {
        ...internal(a!, b!),
        marks: [hold(a!, '2.5-8'), transfer(a!, c!.user, 8)],
        left: 'a4.8 -3.2 c3',
        right: 'b2.5 -2.3 b6.2',
      },
      { ...internal(a!, c!), left: 'a3', right: 'c3', consultFor: 0 },
    ],
  },
  {
    name: 'a consultation by feature code after which the call goes back to who held it',
    phones: 3,
    async play(s) {
      const { c, call, atB } = await speaking(s);
      const atC = await consultByKeys(s, atB, c);
      await atC.hangup();
      await s.seconds(3);
      await call.hangup();
    },
    expected: ({ actors: [a, b, c] }) => [
      { ...internal(a!, b!), marks: [hold(b!, '2.5-8')], left: 'a11', right: 'b2.5 -5.5 b3' },
      { ...internal(b!, c!), left: 'b3', right: 'c3', consultFor: 0 },
    ],
  },
];
