import { stringify } from 'csv-stringify/sync';
import { CSV, harmless } from '../../domain/csv.js';
import { answerCommands } from '../../domain/privacy/answer.js';
import type { Disclosed } from '../../domain/privacy/disclosure.js';

/** The list of the calls of an answer, as CSV for programs and as a page for people. */

const COLUMNS: [column: string, title: string, value: (call: Disclosed) => string][] = [
  ['call', 'Call', (c) => c.call],
  ['began', 'Began', (c) => c.began],
  ['direction', 'Direction', (c) => c.direction],
  ['length', 'Length', (c) => c.length],
  ['recording', 'Recording', (c) => c.recording],
  ['purpose', 'Kept for', (c) => c.purpose],
  ['legal_basis', 'Legal basis', (c) => c.legalBasis],
  ['kept_until', 'Kept until', (c) => c.keptUntil],
  ['file', 'What you said', (c) => c.file?.name ?? ''],
  ['your_side', 'Your side', (c) => c.heard],
  ['withheld', 'Withheld, and why', (c) => c.withheld],
  ['sha256', 'SHA-256', (c) => c.file?.sha256 ?? ''],
];

export const callsCsv = (calls: readonly Disclosed[]): string =>
  stringify(
    calls.map((call) => COLUMNS.map(([, , value]) => harmless(value(call)))),
    { ...CSV, columns: COLUMNS.map(([name]) => name) },
  );

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; color: #1d1d1b; background: #fff; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem } article h2 { font-size: 1rem; margin: 0 0 .25rem }
article { border-top: 1px solid #c9c7c0; padding: .75rem 0 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0 }
dt { color: #55534c } dd { margin: 0; overflow-wrap: anywhere }
audio { width: 100%; margin: .5rem 0 } code, pre { font: 13px/1.5 ui-monospace, monospace } pre { white-space: pre-wrap; overflow-wrap: anywhere }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr } dd { margin-bottom: .35rem } }
@media (prefers-color-scheme: dark) { body { color: #eceae4; background: #1c1c1a } dt { color: #b5b2a9 } article { border-color: #45433d } a { color: #8ab8c4 } }
@media print { audio { display: none } article { break-inside: avoid } }
`;

/** The list as a page that needs no network and runs nothing: `zone` is that of its times. */
export function callsPage(
  calls: readonly Disclosed[],
  { number, site, zone, made }: { number: number; site: string; zone: string; made: string },
): string {
  const given = calls.filter(({ file }) => file !== null).length;
  const counted = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; media-src 'self' file:">
<title>Request ${number}: your calls</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Your calls</h1>
<p>Request ${number} to ${escaped(site)}. ${counted(calls.length, 'call', 'calls')}, ${counted(given, 'recording', 'recordings')} enclosed. Times are in ${escaped(zone)}; incoming calls are those that ${escaped(site)} received.</p>
${calls.map(article).join('\n')}
<h2>How to verify this answer</h2>
<p>${escaped(site)} made it on ${escaped(made)} with Tapedeck and signed the hash of each file. In the folder of the answer, these commands check that nothing was changed since:</p>
<pre>${escaped(answerCommands().join('\n'))}</pre>
</main>
</body>
</html>
`;
}

function article(call: Disclosed): string {
  const { file } = call;
  const rows = COLUMNS.filter(([name]) => !['began', 'file', 'sha256'].includes(name))
    .map(([, title, value]) => [title, value(call)] as const)
    .filter(([, value]) => value !== '')
    .map(([title, value]) => `<dt>${escaped(title)}</dt><dd>${escaped(value)}</dd>`);
  const sound = file
    ? `<audio controls preload="none" src="${escaped(file.name)}" aria-label="What you said on ${escaped(call.began)}"></audio><p><a href="${escaped(file.name)}">${escaped(file.name)}</a></p>`
    : '';
  const hash = file ? `<dt>SHA-256</dt><dd><code>${file.sha256}</code></dd>` : '';
  return `<article><h2>${escaped(call.began)}</h2>${sound}<dl>${rows.join('')}${hash}</dl></article>`;
}
