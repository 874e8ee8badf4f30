import { setTimeout as wait } from 'node:timers/promises';
import type { Lab, PromptName } from '../../../test/support/pbx/pbx.js';
import type { Phone } from '../../../test/support/pbx/phone.js';
import { lasting, sequence, silence, wavSource } from '../../../test/support/pbx/sources.js';
import { type ApiClient, until } from '../../../test/support/recorder.js';
import { CALLER_IDS, type Expected, expectedCalls, type HeardBy, ON_DEMAND } from './expected.js';

type Caller = { number: string; name: string };

/** Who rings when somebody presses Enter, in turn. */
const CALLERS: Caller[] = [
  { number: '+33142685300', name: 'Lucie Marchand' },
  { number: '+12125550186', name: 'Sam Whitfield' },
  { number: '+34915550123', name: 'Pilar Ortega' },
  { number: '+441134960178', name: 'Moira Kerr' },
  { number: '+4930901820', name: 'Jonas Brandt' },
];

export type Cast = Awaited<ReturnType<typeof assemble>>;

/** Puts the phones of the demo on the network. Each speaks in every call: silence first, then a prompt. */
export async function assemble(lab: Lab) {
  const speech = (prompt: PromptName, afterS: number) => () =>
    sequence([lasting(afterS, silence()), wavSource(lab.prompt(prompt)), silence()]);
  const anna = await lab.phone('100', { source: speech('demo-thanks', 4) });
  // Long enough for a caller to wait in the queue.
  const ben = await lab.phone('101', { source: speech('vm-intro', 4), answerAfterMs: 3_000 });
  const carla = await lab.phone('102', { source: speech('vm-intro', 4), answerAfterMs: null });
  const dana = await lab.phone('103', { source: speech('tt-weasels', 1) });
  const erik = await lab.phone('104', { source: speech('demo-thanks', 4) });
  const fay = await lab.phone('105', { source: speech('tt-weasels', 1) });
  const gil = await lab.phone('106', { source: speech('tt-weasels', 1) });
  const carrier = await lab.carrier({ source: speech('vm-intro', 4) });
  return { anna, ben, carla, dana, erik, fay, gil, carrier, speech };
}

async function talk(from: Phone, number: string, options: Parameters<Phone['call']>[1], s: number) {
  const call = await from.call(number, options);
  await call.answered;
  await wait(s * 1000);
  await call.hangup();
}

const inbound = ({ carrier, speech }: Cast, caller: Caller) =>
  talk(carrier, '5551000', { caller, source: speech('tt-weasels', 1)() }, 11);

/** The queue answers at once and plays music until Ben takes the call, so the caller speaks after that. */
const queued = ({ carrier, speech }: Cast, caller: Caller) =>
  talk(carrier, '5552000', { caller, source: speech('tt-weasels', 3.6)() }, 13.5);

async function held({ dana }: Cast, number: string): Promise<void> {
  const call = await dana.call(number);
  await call.answered;
  await wait(10_000);
  await call.hold();
  await wait(3_000);
  await call.unhold();
  await wait(500);
  await call.hangup();
}

async function transferred({ erik, fay, carrier, speech }: Cast, caller: Caller): Promise<void> {
  const call = await carrier.call('5554104', { caller, source: speech('tt-weasels', 1)() });
  const [atErik] = await Promise.all([erik.incoming(), call.answered]);
  await wait(10_500);
  const [atFay] = await Promise.all([fay.incoming(), atErik.refer('105')]);
  await atFay.answered;
  await wait(5_000);
  await call.hangup();
}

/** What a caller presses to decline recording. */
export const DECLINE = '*0';

type Kept = { version: number; policy: { record: { name: string }[]; telling?: object } };

/** A rule by which the calls of one customer are recorded on demand; nobody is told of a recording yet. */
export async function beginPolicy(api: ApiClient): Promise<void> {
  const { version, policy } = await api.json<Kept>('GET', '/policy');
  const rule = {
    ...{
      name: 'Solveig Lind',
      reason: 'Only what she asks to have recorded.',
      when: { number: [ON_DEMAND] },
    },
    outcome: 'on_demand',
  };
  const { telling, ...before } = policy;
  const record = [rule, ...policy.record.filter(({ name }) => name !== rule.name)];
  await api.json('PUT', '/policy', { based_on: version, policy: { ...before, record } });
}

/** From now on people are told, as Tapedeck does by itself: an announcement at the least, and a question where the law wants one. */
async function startTelling(api: ApiClient): Promise<void> {
  const { version, policy } = await api.json<Kept>('GET', '/policy');
  await api.json('PUT', '/policy', { based_on: version, policy: { ...policy, telling: {} } });
}

/**
 * Somebody answers a call from outside, and hears what the caller hears. The caller presses `key` once they were asked, and whoever
 * answered `ours`.
 */
async function told(
  { carrier, speech, ...people }: Cast,
  {
    caller,
    at,
    key = '',
    ours = '',
  }: { caller: Caller; at: 'erik' | 'fay' | 'gil'; key?: string; ours?: string },
): Promise<HeardBy> {
  const number = ({ erik: '104', fay: '105', gil: '106' } as const)[at];
  const call = await carrier.call(`5554${number}`, { caller, source: speech('tt-weasels', 8)() });
  const [answered] = await Promise.all([people[at].incoming(), call.answered]);
  await wait(8_000);
  if (key !== '') await call.dtmf(key);
  if (ours !== '') await answered.dtmf(ours);
  await wait(key === '' ? 4_000 : 6_000);
  await call.hangup();
  return { [caller.name]: call.heard(), [CALLER_IDS[number]]: answered.heard() };
}

/** Says something about the recording of the call in progress with this number, as the dashboard's buttons do. */
async function direct(api: ApiClient, number: string, kind: 'mask' | 'resume' | 'keep'): Promise<void> {
  const call = await until(`the call with ${number}`, async () =>
    (await api.calls()).find((c) => c.state === 'live' && c.them.number === number),
  );
  await api.json('POST', `/calls/${call.id}/${kind}`, {});
}

/** A customer reads out a card number; Dana masks the call meanwhile. */
async function payment({ dana }: Cast, api: ApiClient): Promise<void> {
  const call = await dana.call('9020794600555');
  await call.answered;
  await wait(2_500);
  await direct(api, '020794600555', 'mask');
  await wait(3_000);
  await direct(api, '020794600555', 'resume');
  await wait(3_500);
  await call.hangup();
}

async function refused({ carrier, speech }: Cast, caller: Caller): Promise<void> {
  const call = await carrier.call('5551000', { caller, source: speech('tt-weasels', 1)() });
  await call.answered;
  await wait(5_000);
  await call.dtmf(DECLINE);
  await wait(2_000);
  await call.hangup();
}

async function onDemand(cast: Cast, api: ApiClient, caller: Caller): Promise<void> {
  await Promise.all([queued(cast, caller), wait(8_000).then(() => direct(api, caller.number, 'keep'))]);
}

/** Waits until the calls with these numbers have begun: the rules of that moment hold for all of each. */
const begun = (api: ApiClient, numbers: string[]) =>
  until(`calls with ${numbers.join(', ')}`, async () => {
    const live = (await api.calls()).filter((c) => c.state === 'live').map((c) => c.them.number);
    return numbers.every((number) => live.includes(number));
  });

/** Places the calls of the demo, tells `say` of each, and returns what must be found of them afterwards. */
export async function placeCalls(
  cast: Cast,
  api: ApiClient,
  say: (text: string) => void,
): Promise<Expected[]> {
  const { carla, gil } = cast;
  say('Ines "Acme" Okafor rings 5551000 from London; Anna Field (100) answers');
  say('Jo Park rings the queue "support" from Chicago and waits there until Ben Orchard (101) answers');
  say('Dana Wolff (103) rings an outside number, and puts the other side on hold');
  say('Lena Vogt rings 5554104 from Berlin; Erik Lund answers and transfers the call to Fay Marsh (105)');
  say(
    'Gil Santos (106) rings Carla Reyes (102), who does not answer, then the emergency number 112, which is never recorded, and the echo test (950)',
  );
  await Promise.all([
    inbound(cast, { number: '+442079460123', name: 'Ines "Acme" Okafor' }),
    queued(cast, { number: '+13125550144', name: 'Jo Park' }),
    held(cast, '9020794600999'),
    transferred(cast, { number: '+4930901820', name: 'Lena Vogt' }),
    (async () => {
      const missed = await gil.call('102');
      await carla.incoming();
      await wait(3_000);
      await missed.hangup();
      await talk(gil, '112', {}, 4);
      await talk(gil, '950', {}, 5.5);
    })(),
  ]);

  say('Dana takes a payment over the phone, and masks the call while the card number is read out');
  say(
    `Marta Silva rings 5551000 and declines recording by pressing ${DECLINE}: what was recorded is destroyed`,
  );
  say('Solveig Lind, who is recorded on demand, rings the queue; Ben asks to keep the call');
  const marta = { number: '+351213460123', name: 'Marta Silva' };
  const underOldRules = Promise.all([
    payment(cast, api),
    refused(cast, marta),
    onDemand(cast, api, { number: ON_DEMAND, name: 'Solveig Lind' }),
  ]);
  await Promise.race([underOldRules, begun(api, ['020794600555', marta.number, ON_DEMAND])]);

  say('The office has Tapedeck tell people that calls are recorded');
  await startTelling(api);
  say('Pilar Ortega rings from Madrid: caller and Erik hear the announcement in Spanish');
  say('Jonas Brandt rings from Berlin, where both sides have to agree: the caller is asked, and presses 1');
  say(
    'Nora Albers rings from Hamburg and presses nothing; Gil presses 1 for her, which is no consent: nothing is recorded',
  );
  const [inMadrid, inBerlin] = await Promise.all([
    told(cast, { caller: { number: '+34915550123', name: 'Pilar Ortega' }, at: 'erik' }),
    told(cast, { caller: { number: '+4930901821', name: 'Jonas Brandt' }, at: 'fay', key: '1' }),
    told(cast, { caller: { number: '+494012345678', name: 'Nora Albers' }, at: 'gil', ours: '1' }),
  ]);
  await underOldRules;
  return expectedCalls({ inMadrid, inBerlin });
}

/** Places one more call each time it is called, of another kind in turn. Resolves when the call has ended. */
export function createMoreCalls(cast: Cast, say: (text: string) => void): () => Promise<void> {
  let placed = 0;
  return async () => {
    const kind = placed % 4;
    const caller = CALLERS[placed % CALLERS.length]!;
    placed += 1;
    const from = `${caller.name} (${caller.number})`;
    if (kind === 0) {
      say(`${from} rings 5551000; Anna answers`);
      return inbound(cast, caller);
    }
    if (kind === 1) {
      say(`${from} rings the queue "support"; Ben answers after three seconds`);
      return queued(cast, caller);
    }
    if (kind === 2) {
      say('Ben rings Dana');
      return talk(cast.ben, '103', {}, 11);
    }
    say('Dana rings an outside number, and puts the other side on hold');
    return held(cast, '9020794600777');
  };
}
