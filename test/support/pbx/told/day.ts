import type { Test } from 'tap';
import type { Policy } from '../../../../daemon/domain/policy/policy.js';
import { seconds, until } from '../../recorder.js';
import type { Extension } from '../pbx.js';
import type { Phone } from '../phone.js';
import { type TellingLab, tellingLab } from './lab.js';

/** How the people of such calls are told, what the caller does, and what the report has to say of it. */
type Kind = {
  what: string;
  number: (n: number) => string;
  mode: string;
  /** What is heard; null for nothing, and for a tone. */
  hears: { kind: 'announce' | 'announce_refusal' | 'ask'; language: 'en' | 'es' | 'fr' | 'de' } | null;
  /** What the caller presses, and then our own side. */
  key?: string;
  ours?: string;
  /** Of calls that are not recorded nobody has to be told. */
  told: string;
  answer: string;
  coverage: string;
};

const digits = (n: number) => String(n).padStart(4, '0');
const newYork = (n: number) => `+1212555${digits(n)}`;
const tones = (n: number) => `+1646555${digits(n)}`;
const refusing = (n: number) => `+1917555${digits(n)}`;
const paris = (n: number) => `+3314268${digits(n)}`;
const berlin = (n: number) => `+493090${digits(n)}`;
const madrid = (n: number) => `+3491555${digits(n)}`;

/** The office is in New York, where one party may consent and an admin has confirmed that nobody need be told. */
const KINDS: Kind[] = [
  {
    what: 'silent',
    number: newYork,
    mode: 'silent',
    hears: null,
    told: 'not_needed',
    answer: 'none',
    coverage: 'recorded',
  },
  {
    what: 'a tone',
    number: tones,
    mode: 'beep',
    hears: null,
    told: 'all',
    answer: 'none',
    coverage: 'recorded',
  },
  {
    what: 'told in Spanish',
    number: madrid,
    mode: 'announce',
    hears: { kind: 'announce', language: 'es' },
    told: 'all',
    answer: 'none',
    coverage: 'recorded',
  },
  {
    what: 'told in French',
    number: paris,
    mode: 'announce',
    hears: { kind: 'announce', language: 'fr' },
    told: 'all',
    answer: 'none',
    coverage: 'recorded',
  },
  {
    what: 'could refuse',
    number: refusing,
    mode: 'announce_refusal',
    hears: { kind: 'announce_refusal', language: 'en' },
    told: 'all',
    answer: 'none',
    coverage: 'recorded',
  },
  {
    what: 'refused',
    number: refusing,
    mode: 'announce_refusal',
    hears: { kind: 'announce_refusal', language: 'en' },
    key: '9',
    told: 'not_needed',
    answer: 'refused',
    coverage: 'declined',
  },
  {
    what: 'agreed',
    number: berlin,
    mode: 'ask',
    hears: { kind: 'ask', language: 'de' },
    key: '1',
    told: 'all',
    answer: 'agreed',
    coverage: 'recorded',
  },
  {
    what: 'was said to agree by our own side',
    number: berlin,
    mode: 'ask',
    hears: { kind: 'ask', language: 'de' },
    ours: '1',
    told: 'not_needed',
    answer: 'stated',
    coverage: 'excluded',
  },
  {
    what: 'refused, and our own side agreed',
    number: berlin,
    mode: 'ask',
    hears: { kind: 'ask', language: 'de' },
    key: '9',
    ours: '1',
    told: 'not_needed',
    answer: 'refused',
    coverage: 'declined',
  },
  {
    what: 'did not answer',
    number: berlin,
    mode: 'ask',
    hears: { kind: 'ask', language: 'de' },
    told: 'not_needed',
    answer: 'none',
    coverage: 'excluded',
  },
];

const PHONES: Extension[] = ['103', '104', '105', '106', '107'];
const CALLS = 50;

const rule = (name: string, prefix: string, tell: 'beep' | 'announce_refusal') => ({
  ...{ name, reason: 'For the day.', when: { number_prefix: [prefix] }, outcome: 'record' as const, tell },
});
const POLICY: Partial<Policy> = {
  record: [rule('Tones', '+1646', 'beep'), rule('Refusable', '+1917', 'announce_refusal')],
  telling: { mode: 'silent', silent_confirmed: true, subdivision: 'NY' },
};

type Row = {
  call_id: string;
  them: { number: string };
  mode: string;
  told: string;
  answer: string;
  found: string;
  coverage: string;
  findings: string[];
};

/** A day of calls of every mode: what the report says of each, and what its phones heard. */
export async function aDay(t: Test, version: 22 | 16): Promise<void> {
  const lab = await tellingLab(t, version, 'day', 'region = "US"\n');
  if (!lab) return;
  await lab.policy(POLICY);
  const carrier = await lab.phones.carrier();
  const phones = new Map<Extension, Phone>();
  for (const extension of PHONES) phones.set(extension, await lab.phones.phone(extension));
  const calls = Array.from({ length: CALLS }, (_, n) => ({ n, kind: KINDS[n % KINDS.length]! }));
  const heard = new Map<string, { caller: Int16Array; callee: Int16Array }>();

  async function one({ n, kind }: (typeof calls)[number], extension: Extension): Promise<void> {
    const number = kind.number(n);
    const out = await carrier.call(`55541${extension.slice(1)}`, {
      caller: { number },
      source: lab!.speaker(),
    });
    await out.answered;
    const atExtension = phones.get(extension)!.calls.at(-1)!;
    const { id } = await lab!.call(number);
    if (kind.mode === 'silent') await seconds(2);
    else
      await until(`${kind.what}: the telling of ${number}`, async () => {
        const { played } = await lab!.ledger(id);
        return played.some(({ whole }) => whole);
      });
    if (kind.key) await out.dtmf(kind.key);
    if (kind.ours) await atExtension.dtmf(kind.ours);
    await seconds(1.5);
    await out.hangup();
    heard.set(number, { caller: out.heard(), callee: atExtension.heard() });
  }
  const waiting = [...calls];
  await Promise.all(
    PHONES.map(async (extension) => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await one(next, extension);
    }),
  );
  for (const { n, kind } of calls) await lab.ended(kind.number(n));

  /** How much of its prompt each of the people heard: the lab's phones lose some of it when the machine is busy. */
  const shares: number[] = [];
  const rows = await report(lab);
  t.equal(rows.length, CALLS, 'every call is in the report');
  for (const { n, kind } of calls) {
    const number = kind.number(n);
    const row = rows.find(({ them }) => them.number === number);
    const { mode, told, answer, coverage } = kind;
    t.match(row, { mode, told, answer, findings: [] }, `${kind.what}: ${number}`);
    // A PBX that is short of processor time drops some audio, and the recording says so.
    t.equal(row?.coverage.replace('partial', 'recorded'), coverage, `${kind.what}: ${number}`);
    const { caller, callee } = heard.get(number)!;
    for (const [who, what] of Object.entries({ caller, callee }))
      if (kind.hears) {
        const { correlation, share } = lab.hearing(what, kind.hears);
        shares.push(share);
        t.ok(correlation >= 0.8 && share >= 0.5, `${kind.what}: the ${who} heard it (${share.toFixed(2)})`);
      }
    if (kind.hears && coverage === 'recorded' && mode !== 'ask')
      t.equal(row?.found, 'yes', `${kind.what}: the sealed audio has it`);
  }
  const whole = shares.filter((share) => share >= 0.8).length;
  t.ok(whole >= 0.9 * shares.length, `${whole} of ${shares.length} heard all of it`);
  const totals = await lab.api.json<{ totals: { calls: number; exceptions: number } }>(
    'GET',
    '/consent-report',
  );
  t.match(totals, { totals: { calls: CALLS } });
}

async function report({ api }: TellingLab): Promise<Row[]> {
  const rows: Row[] = [];
  for (let page = 1, pages = 1; page <= pages; page++) {
    const made = await api.json<{ calls: Row[]; pages: number }>(
      'GET',
      `/consent-report?show=all&page=${page}`,
    );
    rows.push(...made.calls);
    pages = made.pages;
  }
  return rows;
}
