import { check, type Report } from './check.js';
import { type Child, el, said } from './elements.js';
import { compareNewer } from './newer.js';
import { newerSection } from './newer-section.js';

/** A value of an entry, whatever somebody has made of it. */
const words = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value.join(', ');
  return value === undefined ? '' : JSON.stringify(value);
};

const byId = (id: string): HTMLElement => document.getElementById(id)!;
const [out, status, drop] = [byId('out'), byId('status'), byId('drop')];
const file = byId('file') as HTMLInputElement;
const newer = byId('newer') as HTMLInputElement;
const fingerprint = byId('fingerprint') as HTMLInputElement;

let report: Report | null = null;
let name = '';
let sound = '';
/** What was chosen as newer, by name. */
let beside: ReadonlyMap<string, Uint8Array> = new Map();

type Compared = 'not' | 'same' | 'other' | 'short';
const ID_DIGITS = 16;

/**
 * The ids and fingerprints that somebody has typed: with a comma between them, or a space; one may also have spaces or
 * colons in it, in groups of eight as on the cover sheet.
 */
function wanted(typed: string): string[] {
  return typed
    .toLowerCase()
    .split(/[,;]/)
    .flatMap((part) => {
      const pieces = part.replaceAll(':', '').trim().split(/\s+/);
      return pieces.every((piece) => piece.length >= ID_DIGITS) ? pieces : [pieces.join('')];
    })
    .filter((id) => id !== '');
}

/** Whether each key that has signed something is one that somebody has named. */
function compared({ keys }: Report): Compared {
  const ids = wanted(fingerprint.value);
  if (ids.length === 0) return 'not';
  if (!ids.every((id) => id.length >= ID_DIGITS && /^[0-9a-f]+$/.test(id))) return 'short';
  const named = keys.every((key) => ids.some((id) => key.fingerprint.startsWith(id)));
  return keys.length > 0 && named ? 'same' : 'other';
}

function verdict(found: Report, key: Compared): HTMLElement {
  const { faults, whole, sealedAt } = found;
  const judged = (look: string, title: string, ...children: Child[]) =>
    el('section', `verdict ${look}`, el('h2', '', title), ...children);
  if (faults.length > 0)
    return judged(
      'bad',
      `This pack is not as it was given out: ${faults.length === 1 ? 'one fault' : `${faults.length} faults`}`,
      el(
        'ul',
        'faults',
        ...faults.map((fault) =>
          el(
            'li',
            '',
            el('strong', '', said(fault.file)),
            fault.entry === undefined ? ': ' : `, entry ${fault.entry}: `,
            said(fault.what),
          ),
        ),
      ),
    );
  if (key === 'other')
    return judged(
      'bad',
      'It was not signed with the key that you entered',
      el(
        'p',
        '',
        found.keys.length > 1
          ? 'Two keys signed this pack: enter both, separated by a comma. If you don’t know one of them, do not trust the pack.'
          : 'The content of this pack is consistent, but another Tapedeck created it, or the signing key has changed since.',
      ),
    );
  const since = el(
    'p',
    '',
    `${found.imported ? 'The imported recording' : 'The recording'} and its ${whole ? 'story' : 'manifest'} are unchanged since ${sealedAt}.`,
  );
  const notes = found.notes.map((note) => el('p', '', said(note)));
  if (key === 'same')
    return whole
      ? judged('good', 'Everything is as it was signed with the key that you entered', since, ...notes)
      : judged(
          'half',
          'The recording is as it was signed. The rest of the pack is not signed',
          since,
          ...notes,
        );
  return judged(
    'half',
    whole
      ? 'The content is consistent. Compare the key to finish'
      : 'The recording is consistent, the rest of the pack is not signed. Compare the key to finish',
    since,
    el(
      'p',
      '',
      'A key that came with the pack proves nothing by itself: whoever forges a pack can also create a key. Enter the id or fingerprint of the key above, from a source other than the pack.',
    ),
    key === 'short' ? el('p', '', `Enter at least ${ID_DIGITS} digits (0-9, a-f) of each key.`) : null,
    ...notes,
  );
}

const section = (title: string, ...children: Child[]): HTMLElement =>
  el('section', '', el('h2', '', title), ...children);

function log({ entries }: Report): HTMLElement {
  const head = el(
    'tr',
    '',
    ...['No', 'When (UTC)', 'Who', 'What', 'Why', 'Detail'].map((title) => el('th', '', title)),
  );
  const states = { good: '', after: 'not signed', bad: 'not proven' };
  const rows = entries.map(({ entry: e, state }) => {
    const actor =
      e.actor === 'tapedeck'
        ? 'Tapedeck'
        : `${words(e.actor_name)}${e.actor === 'console' ? ' (console)' : ''}`;
    const detail = Object.entries(e.detail ?? {})
      .filter(([key]) => key !== 'files')
      .map(([key, value]) => `${key}: ${words(value)}`)
      .join('; ');
    return el(
      'tr',
      state,
      el('td', 'number', String(e.seq), states[state] ? el('span', 'flag', states[state]) : null),
      el('td', 'number', said(words(e.at))),
      el('td', '', said(actor), e.address ? el('span', 'quiet', ' ', said(words(e.address))) : null),
      el(
        'td',
        '',
        said(words(e.action).replaceAll('_', ' ')),
        e.outcome === 'ok' ? null : el('span', 'flag', said(words(e.outcome))),
      ),
      el('td', '', said(words(e.reason))),
      el('td', 'quiet', said(detail)),
    );
  });
  const table = el('table', '', el('thead', '', head), el('tbody', '', ...rows));
  const scroller = el('div', 'scroll', table);
  scroller.tabIndex = 0;
  scroller.setAttribute('role', 'region');
  scroller.setAttribute('aria-label', 'Access log');
  return scroller;
}

function player(audio: Uint8Array): HTMLElement {
  const made = document.createElement('audio');
  if (made.canPlayType('audio/ogg; codecs=opus') === '')
    return el(
      'p',
      '',
      "This browser can't play recordings: use a current Chrome, Edge or Firefox, or Safari 18.4 or newer, or open recording.opus of the pack in another program.",
    );
  URL.revokeObjectURL(sound);
  sound = URL.createObjectURL(new Blob([audio as BlobPart], { type: 'audio/ogg' }));
  made.controls = true;
  made.src = sound;
  return made;
}

function show(): void {
  if (!report) return;
  const found = report;
  const key = compared(found);
  out.replaceChildren(
    verdict(found, key),
    ...superseded(found),
    section(
      'What was verified',
      el('p', 'quiet', said(name), found.call ? ', call ' : '', said(found.call)),
      el(
        'ul',
        'steps',
        ...found.steps.map(({ name: what, ok }) =>
          el(
            'li',
            ok ? 'yes' : 'no',
            el('span', 'sign', ok ? '\u2713' : '\u2717'),
            ok ? '' : 'Not so: ',
            what,
          ),
        ),
      ),
      reachOf(found),
      ...found.keys.map(({ signed, fingerprint: each }) =>
        el(
          'p',
          '',
          `The key that has signed ${signed}: `,
          el('code', '', each.slice(0, ID_DIGITS)),
          el('br', ''),
          'Its fingerprint (SHA-256): ',
          el('code', '', each),
        ),
      ),
    ),
    ...(found.audio ? [section('The recording', player(found.audio))] : []),
    ...(found.story
      ? [section('The story', doubt(found, 'story.txt'), el('pre', '', said(found.story)))]
      : []),
    ...(found.consent
      ? [section('Consent', doubt(found, 'consent.json'), el('pre', '', said(found.consent)))]
      : []),
    ...(found.entries.length > 0 ? [section('Who did what with it', log(found))] : []),
  );
}

/** Whether what was chosen as newer supersedes the pack. */
function superseded({ proven }: Report): Node[] {
  if (beside.size === 0) return [];
  return [
    newerSection(
      proven
        ? compareNewer(proven, beside)
        : { refused: 'Nothing can be compared with it: the recording in this pack is not as it was signed.' },
    ),
  ];
}

/** What was changed is shown, and said to be; and so is what anybody could have changed. */
function doubt({ faults, covered }: Report, name: string): Child {
  if (faults.some(({ file: each }) => each === name))
    return el('p', 'doubt', 'This text is not what was given out.');
  return covered ? null : el('p', 'doubt', 'Nothing proves this text.');
}

/** How far the access log is proven. */
function reachOf({ completeTo, exported, signedTo }: Report): Child {
  if (!signedTo) return null;
  const signed = `The checkpoint signs the audit log to entry ${signedTo.size}, at ${signedTo.at}.`;
  if (!completeTo || !exported) return el('p', '', signed);
  return el(
    'p',
    '',
    'The access log is complete to entry ',
    String(completeTo.seq),
    ' of ',
    said(words(completeTo.at)),
    `, the last before this export (entry ${exported.seq}). ${signed}`,
  );
}

async function verify(zip: File): Promise<void> {
  report = null;
  out.replaceChildren();
  status.textContent = 'Reading';
  try {
    name = zip.name;
    const bytes = new Uint8Array(await zip.arrayBuffer());
    report = await check(bytes, (what) => {
      status.textContent = what;
    });
    status.textContent = report.faults.length === 0 ? 'Verified.' : 'Verified: faults were found.';
    show();
  } catch (error) {
    status.textContent = `This file cannot be verified: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function compareWith(files: readonly File[]): Promise<void> {
  try {
    beside = new Map(
      await Promise.all(
        files.map(async (each) => [each.name, new Uint8Array(await each.arrayBuffer())] as const),
      ),
    );
    status.textContent = report ? 'Compared with the newer version.' : 'Now choose the evidence pack.';
    show();
  } catch (error) {
    status.textContent = `The newer version cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

file.addEventListener('change', () => {
  const [chosen] = file.files ?? [];
  if (chosen) void verify(chosen);
});
newer.addEventListener('change', () => void compareWith([...(newer.files ?? [])]));
fingerprint.addEventListener('input', show);
for (const kind of ['dragenter', 'dragover'])
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
document.addEventListener('dragleave', () => drop.classList.remove('over'));
document.addEventListener('drop', (event) => {
  event.preventDefault();
  drop.classList.remove('over');
  const dropped = [...(event.dataTransfer?.files ?? [])];
  const [first] = dropped;
  if (!first) return;
  const onNewer = event.target instanceof Node && byId('beside').contains(event.target);
  void (onNewer || !/\.zip$/i.test(first.name) ? compareWith(dropped) : verify(first));
});
