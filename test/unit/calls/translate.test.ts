import fc from 'fast-check';
import t from 'tap';
import type { PbxEvent } from '../../../daemon/domain/call/event.js';
import { clean } from '../../../daemon/domain/call/party.js';
import { translateAri, translateSnapshot } from '../../../daemon/pbx/translate.js';
import { translateAmi } from '../../../daemon/pbx/translate-ami.js';
import { type Heard, readTrace, traces } from '../../support/pbx/traces.js';
import { runs } from '../../support/search/share-of-search.js';

const NOW = 1_700_000_000_000;
const all: Heard[] = traces().flatMap((trace) => readTrace(trace.name));
const ofAri = all.filter((h) => h.from === 'ari').map((h) => h.raw);
const ofAmi = all.filter((h) => h.from === 'ami').map((h) => h.raw);
/** One of each type, so that what is made of them is made of all of them. */
const kinds = (list: Record<string, unknown>[], key: string) => [
  ...new Map(list.map((raw) => [String(raw[key]), raw])).values(),
];
const ariKinds = kinds(ofAri, 'type');
const amiKinds = kinds(
  ofAmi.filter((raw) => raw.Event !== undefined),
  'Event',
);

const UNCLEAN = /[\p{Cc}\p{Cs}\p{Co}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;

/** What is wrong with an event, whoever sent it: text that is too long or unclean, a time that is none. */
function faults(value: unknown, at = ''): string[] {
  if (typeof value === 'string') {
    if (value.length > 128) return [`${at}: ${value.length} characters`];
    return value.isWellFormed() && !UNCLEAN.test(value) ? [] : [`${at}: ${JSON.stringify(value)}`];
  }
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [`${at}: ${value}`];
  if (value === undefined) return [`${at}: undefined`];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, v]) => faults(v, `${at}.${key}`));
}

const sound = (event: PbxEvent | null): void => {
  const found = faults(event);
  if (found.length > 0) throw new Error(found.join('\n'));
};

t.test('every recorded event is translated, and nothing unclean comes of it', async (t) => {
  const made = new Map<string, number>();
  for (const { raw, from, at } of all) {
    const event = from === 'ari' ? translateAri(raw, at) : translateAmi(raw, at);
    sound(event);
    if (event) made.set(event.kind, (made.get(event.kind) ?? 0) + 1);
  }
  const spools = (type: string) => ofAri.filter((raw) => raw.type === type).length;
  t.equal(made.get('spool-started'), spools('RecordingStarted'));
  t.equal(made.get('spool-finished'), spools('RecordingFinished'));
  t.equal(made.get('transfer'), spools('BridgeBlindTransfer') + spools('BridgeAttendedTransfer'));
  for (const kind of ['leg', 'leg-gone', 'bridged', 'unbridged', 'hold', 'unhold', 'dial', 'queue', 'parked'])
    t.ok(made.get(kind), kind);
  for (const kind of ['unparked', 'pickup', 'snoop-up', 'snoop-gone']) t.ok(made.get(kind), kind);
});

t.test('an event keeps the time that Asterisk gives it', async (t) => {
  for (const { raw, at } of all.filter((h) => h.from === 'ari')) {
    const event = translateAri(raw, at);
    if (event && Math.abs(event.at - at) > 1000) t.fail(`${raw.type} is ${event.at - at} ms off`);
  }
  t.equal(translateAri({ type: 'RecordingStarted', recording: { name: 'a' } }, NOW)?.at, NOW);
  t.equal(
    translateAri({ type: 'RecordingStarted', timestamp: 'then', recording: { name: 'a' } }, NOW)?.at,
    NOW,
  );
});

t.test('nobody is told of snoops and halves of Local channels as if they were people', async (t) => {
  const told = ofAri.flatMap((raw) => {
    const event = translateAri(raw, NOW);
    return event && 'leg' in event ? [event.leg.channel] : [];
  });
  t.ok(told.length > 1000);
  t.same(
    told.filter((channel) => /^(Snoop|Local)\//.test(channel)),
    [],
  );
});

t.test(
  'an attended transfer names who was spoken to last, also where the target is a Local channel',
  async (t) => {
    const leg = (name: string, number: string, connected = '') => ({
      id: name,
      name,
      state: 'Up',
      caller: { number },
      connected: { number: connected },
    });
    const transfer = (more: object) =>
      translateAri(
        {
          type: 'BridgeAttendedTransfer',
          result: 'Success',
          transferer_first_leg: leg('PJSIP/101-00000001', '101', '102'),
          transferer_second_leg: leg('PJSIP/101-00000001', '101', '102'),
          ...more,
        },
        NOW,
      );
    t.match(transfer({ transfer_target: leg('Local/102@internal-00000000;1', '102', '101') }), { to: '102' });
    t.match(transfer({}), { to: '102' });
    t.match(transfer({ transfer_target: leg('PJSIP/103-00000002', '103', '101') }), { to: '103' });
  },
);

t.test('arbitrary JSON never throws, and nothing unclean comes of it', async () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.jsonValue(), (raw, more) => {
      sound(translateAri(raw, NOW));
      sound(translateAmi(raw, NOW));
      sound(translateSnapshot(raw, more, NOW));
      sound(translateSnapshot([raw, more], [more, raw], NOW));
    }),
    { numRuns: runs(2000) },
  );
});

/** Text that somebody outside may put into a caller id, a Call-ID or a header that the dialplan shows. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '../../etc/passwd',
    '..%2f..%2f',
    `"; DROP TABLE calls; --`,
    '<script>alert(1)</script>',
    '$(reboot)`reboot`',
    '\u202e321 drawkcab\u2066',
    '\ud800 lone',
    'lone \udfff',
    '👩‍👩‍👧‍👦'.repeat(40),
    'Zoë\u0000\r\nEvent: Hangup\r\n\r\n',
    '\\"quoted\\\\',
    'é'.normalize('NFD').repeat(500),
    'ﷺ'.repeat(300),
  ),
  fc.constantFrom('A', '\n', '\u0007', '😀', '\ud83d').map((c) => c.repeat(65_536)),
);
const nonsense = fc.oneof(hostile, fc.jsonValue({ maxDepth: 2 }), fc.constant(undefined));

/** An event of a real Asterisk in which some fields, however deep, are missing or are something else. */
const spoilt = (list: Record<string, unknown>[]) =>
  fc.tuple(fc.constantFrom(...list), fc.infiniteStream(fc.tuple(fc.nat(3), nonsense))).map(([raw, dice]) => {
    const spoil = (value: unknown): unknown => {
      if (typeof value === 'object' && value !== null && !Array.isArray(value))
        return Object.fromEntries(
          Object.entries(value).map(([key, v]) => [key, key === 'type' || key === 'Event' ? v : spoil(v)]),
        );
      const [die, other] = dice.next().value;
      return die === 0 ? other : value;
    };
    return spoil(raw);
  });

t.test('real events with fields that are missing or of another type never throw', async () => {
  fc.assert(
    fc.property(spoilt(ariKinds), (raw) => sound(translateAri(raw, NOW))),
    { numRuns: runs(3000) },
  );
  fc.assert(
    fc.property(spoilt(amiKinds), (raw) => sound(translateAmi(raw, NOW))),
    { numRuns: runs(3000) },
  );
});

t.test('an id that would lead elsewhere in an address is none', async (t) => {
  const raw = ariKinds.find((event) => event.type === 'ChannelStateChange')!;
  const withId = (id: string) => ({ ...raw, channel: { ...(raw.channel as object), id } });
  t.equal(translateAri(withId('1700000000.1'), NOW)?.kind, 'leg');
  for (const id of ['.', '..', ' ..', '\u202e..']) {
    t.equal(translateAri(withId(id), NOW), null, JSON.stringify(id));
    t.strictSame(translateSnapshot([withId(id).channel], [], NOW).legs, []);
  }
});

t.test('a caller may call itself anything', async (t) => {
  fc.assert(
    fc.property(hostile, hostile, hostile, (name, number, linkedid) => {
      const event = translateAri(
        {
          type: 'ChannelCreated',
          channel: {
            id: '1.1',
            name: 'PJSIP/trunk-00000001',
            state: 'Ring',
            caller: { name, number },
            dialplan: { context: name, exten: number },
            channelvars: { 'CHANNEL(linkedid)': linkedid, 'CALLERID(dnid)': number },
          },
        },
        NOW,
      );
      sound(event);
      if (event?.kind !== 'leg') throw new Error('The call was lost');
      if (event.leg.number.length > 64 || event.leg.linkedid === '') throw new Error('Not as it should be');
    }),
    { numRuns: runs(1000) },
  );
  const named = (name: string) =>
    (
      translateAri(
        { type: 'ChannelCreated', channel: { id: '1', name: 'PJSIP/1-1', caller: { name } } },
        NOW,
      ) as {
        leg: { name: string };
      }
    ).leg.name;
  t.equal(named('Zoë 😀 "Z" Ångström'), 'Zoë 😀 "Z" Ångström');
  t.equal(named('\\"Zoë\\"'), '"Zoë"');
  t.equal(named('line\r\nEvent: Hangup'), 'line Event: Hangup');
  t.equal(named('\u202edrawkcab'), 'drawkcab');
});

t.test('text is cut between characters, not within one', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 40 }), (s, cap) => {
      const out = clean(s, cap);
      return out.length <= cap && out.isWellFormed() && !UNCLEAN.test(out);
    }),
    { numRuns: runs(3000) },
  );
  t.equal(clean(`${'a'.repeat(127)}😀`), 'a'.repeat(127));
});

t.test('keys of AMI are known in any case, and a field that comes twice counts once', async (t) => {
  for (const raw of amiKinds) {
    const lower = Object.fromEntries(Object.entries(raw).map(([k, v]) => [k.toLowerCase(), v]));
    t.same(translateAmi(lower, NOW), translateAmi(raw, NOW), String(raw.Event));
  }
  t.match(translateAmi({ event: 'QueueCallerJoin', uniqueid: '1.1', queue: ['support', 'x'] }, NOW), {
    kind: 'queue',
    queue: 'support',
  });
});

t.test('what is said of a call by a UserEvent is known in any case, and nothing else of it', async (t) => {
  const channel = {
    ...{ id: '1.1', name: 'PJSIP/101-00000001', state: 'Up' },
    channelvars: { 'CHANNEL(linkedid)': '1.0' },
  };
  const ari = (eventname: unknown, more: object = { channel }) =>
    translateAri({ type: 'ChannelUserevent', eventname, userevent: { Card: '4929' }, ...more }, NOW);
  for (const [name, what] of [
    ['TapedeckMask', 'mask'],
    ['tapedeckresume', 'resume'],
    ['TAPEDECKKEEP', 'keep'],
    ['TapedeckDecline', 'decline'],
    ['TapedeckAllow', 'allow'],
  ] as const) {
    t.same(ari(name), { kind: 'said', at: NOW, what, legId: '1.1', linkedid: '1.0' });
    t.same(translateAmi({ event: 'UserEvent', userevent: name, uniqueid: '1.1', card: '4929' }, NOW), {
      ...{ kind: 'said', at: NOW, what, legId: '1.1', linkedid: '' },
    });
  }
  t.same(
    ari('TapedeckMask', { channel: { ...channel, name: 'Local/101@internal-00000000;1' } }),
    { kind: 'said', at: NOW, what: 'mask', legId: null, linkedid: '1.0' },
    'the half of a Local channel is no leg, and still of the call',
  );
  t.match(ari('TapedeckMask', {}), { legId: null, linkedid: '' });
  for (const name of ['Mask', 'TapedeckMasks', 'Tapedeck', 'TapedeckMask\n', 'xTapedeckMask', '', 7, null])
    t.equal(ari(name), null, String(name));
  t.equal(
    translateAmi({ event: 'UserEvent', userevent: 'TapedeckMask', uniqueid: '1.1', channelstate: '6' }, NOW),
    null,
    'ARI tells what the dialplan says',
  );
});

t.test('a key is one of the sixteen; what a menu read is nothing', async (t) => {
  const channel = { id: '1.1', name: 'PJSIP/101-00000001', state: 'Up' };
  const ari = (digit: unknown) => translateAri({ type: 'ChannelDtmfReceived', digit, channel }, NOW);
  t.same(ari('7'), { kind: 'digit', at: NOW, legId: '1.1', digit: '7' });
  t.match(ari('a'), { digit: 'A' });
  for (const digit of ['', '12', 'E', '\u0660', 7, null]) t.equal(ari(digit), null, String(digit));
  const set = { type: 'ChannelVarset', variable: 'CARD', value: '4929' };
  t.equal(translateAri({ ...set, channel }, NOW), null);
  for (const event of ['VarSet', 'Newexten', 'DTMFBegin', 'DTMFEnd'])
    t.equal(
      translateAmi(
        { event, uniqueid: '1.1', digit: '4', variable: 'CARD', value: '4929', appdata: '4' },
        NOW,
      ),
      null,
      event,
    );
});
