import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type Import, importsOf, ROOT, sources, within } from '../../support/imports.js';

/** Who may import whom, as ARCHITECTURE.md has it, read from the source itself. */

const ADAPTERS = [
  'pbx',
  'cdr',
  'capture',
  'encode',
  'originals',
  'vault',
  'catalogue',
  'notify',
  'directory',
  'tls',
  'paper',
];
const STORIES = [
  ...['link', 'record', 'watch', 'timekeeper', 'test-call', 'refused'].map((s) => `calls/${s}`),
  ...[
    'preserve',
    'registering',
    'retain',
    'apply-retention',
    'archiving',
    'importing',
    'holding',
    'redact',
    'scrub',
    'custody',
    'certify',
  ].map((s) => `recordings/${s}`),
  ...['assure', 'checkpoint', 'counting', 'doubts', 'strangers'].map((s) => `assurance/${s}`),
  ...['room', 'alert', 'deadlines', 'deliver', 'health', 'last-words', 'mailings', 'needs', 'unlock'].map(
    (s) => `operations/${s}`,
  ),
].map((s) => `daemon/${s}`);
/**
 * Values that a story may take from an adapter: they plan, measure or read. None of them starts a process or writes;
 * captured opens files for reading. Everything else of an adapter reaches a story through its arguments, by type only.
 */
const PURE = [
  ...['captured', 'opus', 'timeline', 'tones'].map((s) => `daemon/encode/${s}`),
  // How work takes turns, whatever it is.
  ...['turns', 'schedule'].map((s) => `daemon/ops/${s}`),
];

/** The one file of the domain that hashes, and writes what is hashed in the one way (RFC 8785). */
const HASHING = /^daemon\/domain\/assurance\/canonical (node:crypto|canonicalize)$/;

/** The one file of the domain that reads what was stored, and checks it. */
const CHECKING = /^daemon\/domain\/reason\/coded typebox\/compile$/;

/** The only package of the domain that knows about the world: how phone numbers are written in each country. */
const NUMBERING = /^daemon\/domain\/phone libphonenumber-js\/min$/;
/** What pages share with the daemon: how things are written. */
const WRITTEN = [
  'blank',
  'phone',
  'place',
  'policy/hours',
  'policy/presets',
  'retention/presets',
  'retention/starts',
  'written',
].map((s) => `daemon/domain/${s}`);

/** What the pages are made of, and what each may import besides itself. Features come above them, the shell above all. */
const UI_ROOMS: Record<string, string[]> = {
  messages: ['state'],
  state: ['messages', 'player'],
  player: ['kit', 'state', 'messages'],
  kit: ['state', 'messages'],
};
const UI_FOLDERS = readdirSync(join(ROOT, 'web/ui'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => `web/ui/${entry.name}`);
const isOurs = (name: string): boolean => within(name, 'daemon', 'web');

/** What is wrong with an import, or null. */
function fault({ from, to, type }: Import): string | null {
  if (to === 'daemon/main') return 'nobody imports the process itself';
  if (to === 'web/main' && from !== 'daemon/cli/web')
    return 'only the command that runs the dashboard imports it';
  if (within(from, 'daemon/domain'))
    return to === 'typebox' ||
      within(to, 'daemon/domain') ||
      HASHING.test(`${from} ${to}`) ||
      NUMBERING.test(`${from} ${to}`) ||
      CHECKING.test(`${from} ${to}`)
      ? null
      : 'the domain imports only itself';
  if (!isOurs(to)) return to.startsWith('.') ? 'outside of the source' : null;
  if (within(from, 'web/ui')) {
    if (!within(to, 'web/ui'))
      return WRITTEN.includes(to) || (type && within(to, 'daemon/domain', 'web'))
        ? null
        : 'pages know the rest by its types only';
    const room = Object.keys(UI_ROOMS).find((name) => within(from, `web/ui/${name}`));
    if (type || !within(to, ...UI_FOLDERS)) return null;
    if (room)
      return within(to, ...[room, ...UI_ROOMS[room]!].map((name) => `web/ui/${name}`))
        ? null
        : `${room} is below the features`;
    return within(to, 'web/ui/shell') && !within(from, 'web/ui/shell') && from !== 'web/ui/main'
      ? 'the shell has the pages, not they it'
      : null;
  }
  if (within(from, 'web'))
    return within(
      to,
      'daemon/domain',
      'daemon/ops',
      'daemon/catalogue',
      'daemon/vault',
      'daemon/directory',
      'daemon/tls',
      'daemon/paper',
      'daemon/assurance/evidence',
    ) ||
      (within(to, 'web') && !within(to, 'web/ui'))
      ? null
      : 'the dashboard reaches what needs the PBX through the control socket';
  if (within(from, 'daemon/ops')) return within(to, 'daemon/ops', 'daemon/domain') ? null : 'ops is below';
  const adapter = ADAPTERS.find((a) => within(from, `daemon/${a}`));
  if (adapter)
    return within(to, `daemon/${adapter}`, 'daemon/domain', 'daemon/ops') ? null : 'adapters are strangers';
  // A long story has chapters, in a folder of its name.
  const story = STORIES.find((s) => from === s || within(from, s));
  if (story) {
    if (within(to, 'daemon/domain', story) || PURE.includes(to)) return null;
    return type && within(to, 'daemon/ops', ...ADAPTERS.map((a) => `daemon/${a}`))
      ? null
      : 'a story knows adapters by their types, and no other story';
  }
  if (within(from, 'daemon/assurance/evidence', 'daemon/assurance/answer'))
    return within(
      to,
      'daemon/assurance/evidence',
      'daemon/assurance/answer',
      'daemon/domain',
      'daemon/paper',
    ) ||
      to === 'daemon/ops/process/program-files' ||
      (type && within(to, 'daemon/catalogue'))
      ? null
      : 'a pack is made of what it is given';
  if (within(from, 'daemon/reports'))
    return within(to, 'daemon/reports', 'daemon/domain', 'daemon/catalogue')
      ? null
      : 'a report is made of what the catalogue has';
  if (within(from, 'daemon/requests'))
    return within(to, 'daemon/requests', 'daemon/domain', 'daemon/ops') ||
      to === 'daemon/catalogue/entries' ||
      (type && within(to, 'daemon/catalogue'))
      ? null
      : 'what is asked for is decided by what the catalogue says';
  if (from === 'daemon/operations/control' || from === 'daemon/operations/admission')
    return to === 'daemon/operations/admission' || within(to, 'daemon/domain', 'daemon/ops')
      ? null
      : 'the control socket is given what it does';
  if (from === 'daemon/app' || within(from, 'daemon/app', 'daemon/cli'))
    // The verifier of evidence packs knows nothing of either.
    return within(to, 'daemon') ||
      to === 'web/main' ||
      (from === 'daemon/cli/verify-pack' && to === 'web/ui/verify/check')
      ? null
      : 'the daemon does not know the dashboard';
  if (from === 'daemon/main')
    return within(to, 'daemon/cli', 'daemon/domain', 'daemon/ops') ? null : 'the process only runs commands';
  return 'this file is in no layer: give it a rule';
}

const faults = (imports: Import[]): string[] =>
  imports.flatMap((i) => {
    const why = fault(i);
    return why ? [`${i.from} imports ${i.type ? 'types of ' : ''}${i.to}: ${why}`] : [];
  });

const every = sources.flatMap(importsOf);

t.test('every file imports only what its layer may', async (t) => {
  t.ok(every.length > 200, 'the imports were found');
  t.same(faults(every), []);
});

/** Groups of files that import one another in a circle. Types alone are not counted: nothing of them is left when it runs. */
function circles(imports: Import[]): string[][] {
  const next = new Map<string, Set<string>>();
  for (const { from, to, type } of imports)
    if (!type && isOurs(to)) next.set(from, (next.get(from) ?? new Set()).add(to));
  /** What can be reached from a file, itself only if it is in a circle. */
  const reached = (from: string): Set<string> => {
    const seen = new Set<string>();
    const waiting = [...(next.get(from) ?? [])];
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      if (seen.has(file)) continue;
      seen.add(file);
      waiting.push(...(next.get(file) ?? []));
    }
    return seen;
  };
  const all = new Map([...next.keys()].map((file) => [file, reached(file)]));
  const found = new Map<string, string[]>();
  for (const [file, seen] of all) {
    if (!seen.has(file)) continue;
    const circle = [...seen].filter((other) => all.get(other)?.has(file)).sort();
    found.set(circle.join(' '), circle);
  }
  return [...found.values()];
}

t.test('no files import one another in a circle', async (t) => {
  t.same(circles(every), []);
  const round = ['a', 'b', 'c'].map((name, i) => ({
    from: `web/${name}`,
    to: `web/${['b', 'c', 'a'][i]}`,
    type: false,
  }));
  t.same(circles([...round, { from: 'web/d', to: 'web/a', type: false }]), [['web/a', 'web/b', 'web/c']]);
  t.same(circles(round.map((one, i) => ({ ...one, type: i === 0 }))), []);
});

t.test('every relative import is of a file that is there', async (t) => {
  const paths = new Set(sources.map((s) => s.path.replace(/\.tsx?$/, '')));
  t.same(
    every
      .filter((i) => isOurs(i.to) && !paths.has(i.to) && !/\.(css|svg|json)$/.test(i.to))
      .map((i) => `${i.from} imports ${i.to}`),
    [],
  );
});

t.test('an import over a border is found, however it is written', async (t) => {
  const wrong: [path: string, text: string][] = [
    ['daemon/domain/call.ts', `import { readFile } from 'node:fs';`],
    ['daemon/domain/call.ts', `import type { Log } from '../ops/log.js';`],
    ['daemon/domain/policy.ts', `import { createHash } from 'node:crypto';`],
    ['daemon/domain/policy.ts', `import { ulid } from 'ulid';`],
    ['daemon/domain/policy.ts', `import { Compile } from 'typebox/compile';`],
    ['daemon/ops/log.ts', `import { createKeys } from '../vault/keys.js';`],
    ['daemon/capture/snoop.ts', `import type { Ari } from '../pbx/ari.js';`],
    ['daemon/pbx/ari.ts', `import { step } from '../calls/record.js';`],
    ['daemon/notify/mail.ts', `import type { Cdr } from '../cdr/source.js';`],
    ['daemon/calls/record.ts', `import { createCapture } from '../capture/snoop.js';`],
    ['daemon/calls/record.ts', `import { type Capture, createCapture } from '../capture/snoop.js';`],
    ['daemon/calls/record.ts', `import { createPreserver } from '../recordings/preserve.js';`],
    ['daemon/calls/record.ts', `import { createWatch } from './watch.js';`],
    ['daemon/recordings/preserve.ts', `export { createFfmpeg } from '../encode/ffmpeg.js';`],
    ['daemon/operations/control.ts', `import { createRetain } from '../recordings/retain.js';`],
    ['daemon/cli/calls.ts', `const x = await import('../../web/main.js');`],
    ['daemon/cli/calls.ts', `import { buildApp } from '../../web/app.js';`],
    ['daemon/cli/run.ts', `import '../main.js';`],
    ['web/app.ts', `import { createAri } from '../../../daemon/pbx/ari.js';`],
    ['web/app.ts', `import type { Retain } from '../../../daemon/recordings/retain.js';`],
    ['web/ui/state/api.ts', `import { decideRecord } from '../../daemon/domain/policy.js';`],
    ['web/ui/kit/field.tsx', `import { CallList } from '../calls/call-list.js';`],
    ['web/ui/state/session.ts', `import { Dialog } from '../kit/dialog.js';`],
    ['web/ui/calls/calls.tsx', `import { KeysDialog } from '../shell/keys-dialog.js';`],
    ['daemon/elsewhere.ts', `import type { Log } from './ops/log.js';`],
  ];
  for (const [path, text] of wrong) t.equal(faults(importsOf({ path, text })).length, 1, `${path}: ${text}`);
  const right: [path: string, text: string][] = [
    ['daemon/domain/policy.ts', `import { Type } from 'typebox';`],
    ['daemon/calls/record.ts', `import type { Capture } from '../capture/snoop.js';`],
    ['daemon/recordings/preserve.ts', `import { type OpusPlan, opusPlan } from '../encode/opus.js';`],
    ['daemon/cli/web.ts', `const { runWeb } = await import('../../web/main.js');`],
    ['web/ui/state/api.ts', `import type { Policy } from '../../daemon/domain/policy.js';`],
  ];
  for (const [path, text] of right) t.same(faults(importsOf({ path, text })), [], `${path}: ${text}`);
});
