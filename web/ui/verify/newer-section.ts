import { el, said } from './elements.js';
import type { Newer } from './newer.js';

const SIDES = { both: 'both sides', them: 'them (left)', us: 'us (right)' };

/** Returns what is shown of the newer version that was chosen beside a pack. */
export function newerSection(newer: Newer): HTMLElement {
  const judged = (look: string, title: string, ...children: Node[]) =>
    el('section', `verdict beside ${look}`, el('h2', '', title), ...children);
  if (newer.refused !== null)
    return judged('bad', 'The newer version was not accepted', el('p', '', newer.refused));
  const { version, from, at, by, reason, stretches } = newer;
  return judged(
    'half',
    `This pack was superseded on ${at} by version ${version}`,
    el('p', '', 'The newer version was signed with the same key. It is silent here:'),
    el(
      'ul',
      '',
      ...stretches.map(({ side, from_ms, until_ms }) =>
        el('li', '', `${clock(from_ms)} to ${clock(until_ms)}, ${SIDES[side]}`),
      ),
    ),
    el('p', '', 'Redacted by ', said(by), '. Reason: ', said(reason)),
    ...(newer.skipped
      ? [
          el(
            'p',
            '',
            `Version ${version} was made from version ${from}, so these are the stretches of the last redaction only.`,
          ),
        ]
      : []),
  );
}

/** Milliseconds as "1:05.5". */
function clock(ms: number): string {
  const tenths = Math.round(ms / 100);
  const seconds = (tenths % 600) / 10;
  return `${Math.floor(tenths / 600)}:${seconds < 10 ? '0' : ''}${seconds}`;
}
