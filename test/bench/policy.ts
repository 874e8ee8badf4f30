import { ALL_KNOWN, type CallFacts } from '../../daemon/domain/policy/facts.js';
import { imagine } from '../../daemon/domain/policy/imagined.js';
import {
  decideRecord,
  defaultPolicy,
  type Policy,
  type RecordRule,
} from '../../daemon/domain/policy/policy.js';

/**
 * How many calls a second are decided by an office's policy of 30 rules, on one core (`npm run bench:policy -- 1000000`): calls of
 * a month with 20,000 other parties, a tenth of them while facts may still become known.
 */
const count = Number(process.argv[2] ?? 1_000_000);
const TARGET = 200_000;

const rule = (
  name: string,
  when: RecordRule['when'],
  outcome: RecordRule['outcome'] = 'skip',
): RecordRule => ({ name, reason: `${name}.`, when, outcome });
const digits = (n: number, length: number) => String(n).padStart(length, '0');
const numbers = (from: number, n: number) =>
  Array.from({ length: n }, (_, i) => `030 555 ${digits(from + i, 4)}`);

const policy: Policy = {
  ...defaultPolicy,
  groups: [
    { name: 'Works council', extensions: ['290', '291', '292'] },
    { name: 'Sales', extensions: Array.from({ length: 40 }, (_, i) => `2${digits(i, 2)}`) },
    { name: 'Management', extensions: ['295', '296', '297', '298', '299'] },
  ],
  holidays: ['01-01', '05-01', '10-03', '12-25', '12-26', '2026-04-03', '2026-04-06', '2026-05-14'].map(
    (date) => ({
      date,
      name: 'Holiday',
    }),
  ),
  record: [
    rule('Works council', { group: ['Works council'] }),
    rule('Helplines', { number: ['116111', '116117', '0800 1110111', '0800 1110222'] }),
    rule('Do not record', { list: ['Do not record'] }),
    rule('Doctor', { extension: ['280', '281'], direction: ['in', 'out'] }),
    rule('Lawyers', { number: numbers(0, 200) }),
    rule('Banks', { number_prefix: ['+49800123', '+49800124', '+4969'] }),
    rule('Refused by the dialplan', { variable: ['NOREC=1', 'CONSENT=no'] }),
    rule('Private account', { account: ['private', '9999'] }),
    rule('Payments', { queue: ['payments'] }, 'on_demand'),
    rule('Management', { group: ['Management'], direction: ['internal'] }),
    rule('Night', { hours: ['22:00-06:00'], queue: ['night'] }, 'record'),
    rule('Holidays', { holiday: true, did: ['49305550100'] }, 'record'),
    rule('California', { region: ['US'], direction: ['out'] }, 'ask'),
    rule('Abroad', { region: ['FR', 'CH', 'AT'], direction: ['in'] }, 'ask'),
    rule('Fax', { extension: ['250', '251', '252'] }),
    rule('Mobile trunk', { trunk: ['gsm'] }),
    rule('Weekend', { weekday: ['sat', 'sun'], queue: ['service'] }, 'record'),
    rule('Sample of internal calls', { direction: ['internal'], percentage: 5 }, 'record'),
    rule('Internal calls', { direction: ['internal'] }),
    ...['orders', 'service', 'returns', 'claims', 'press', 'jobs'].map((queue) =>
      rule(`Queue ${queue}`, { queue: [queue], hours: ['08:00-18:00'] }, 'record'),
    ),
    rule('Sales out', { group: ['Sales'], direction: ['out'], percentage: 50 }, 'record'),
    rule('Sales in', { group: ['Sales'], direction: ['in'] }, 'record'),
    rule('Reception', { did: ['49305550100', '49305550101'] }, 'on_demand'),
    rule('Sample for quality', { percentage: 10 }, 'record'),
    rule('Everything else', {}),
  ],
};

const site = { timeZone: 'Europe/Berlin', region: 'DE' };
/** The same numbers every time. */
let seed = 7;
const random = (n: number) => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return Math.floor((seed / 2_147_483_648) * n);
};
const START = Date.UTC(2026, 4, 1);
const queues = ['', '', '', 'orders', 'service', 'night', 'payments'];
const prefixes = ['+4930555', '030555', '+33140', '+1212', '+4989', '0171'];
const people = Array.from(
  { length: 20_000 },
  (_, i) => `${prefixes[i % prefixes.length]}${digits(i * 37, 7)}`,
);

const calls: CallFacts[] = Array.from({ length: 50_000 }, (_, i) => {
  const direction = (['in', 'in', 'out', 'internal'] as const)[random(4)]!;
  const at = START + Math.floor((i / 50_000) * 30 * 86_400_000);
  const extension = String(200 + random(100));
  const call = imagine({ direction, extension, id: `${Math.floor(at / 1000)}.${i}` }, at, site);
  const known =
    random(10) === 0 ? { ...ALL_KNOWN, queue: false, extension: false, variable: false } : ALL_KNOWN;
  const number = direction === 'internal' ? String(200 + random(100)) : people[random(people.length)]!;
  const queue = direction === 'in' ? queues[random(queues.length)]! : '';
  const dialled = direction === 'in' ? '' : number;
  return {
    ...call,
    number,
    queue,
    dialled,
    known,
    did: direction === 'in' ? '49305550100' : '',
    trunks: ['sip'],
  };
});

const say = (text: string) => process.stdout.write(`${text}\n`);
const by = new Map<string, number>();
let open = 0;
const first = performance.now();
for (const call of calls) {
  const decision = decideRecord(policy, call);
  by.set(decision.rule ?? '', (by.get(decision.rule ?? '') ?? 0) + 1);
  if (decision.open) open++;
}
say(`${policy.record.length} rules; ${by.size} of them decided ${calls.length} calls, ${open} of these open`);
say(
  `${perSecond(calls.length, first)} decisions per second by wall clock in the first pass, in which every other party's number is parsed`,
);
const [began, since] = [process.cpuUsage(), performance.now()];
for (let i = 0; i < count; i++) decideRecord(policy, calls[i % calls.length]!);
const { user, system } = process.cpuUsage(began);
const rate = (count / (user + system)) * 1_000_000;
say(
  `${Math.round(rate).toLocaleString('en')} decisions per second of processor time (target ${TARGET.toLocaleString('en')})`,
);
say(`${perSecond(count, since)} by wall clock`);
if (rate < TARGET) process.exitCode = 1;

function perSecond(n: number, since: number): string {
  return Math.round((n / (performance.now() - since)) * 1000).toLocaleString('en');
}
