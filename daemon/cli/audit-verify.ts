import type { Command } from 'commander';
import { type Known, keptNotes, type Verdict, verifyAudit } from '../catalogue/sqlite/audit-verify.js';
import { FAULT_HINT, faultWords } from '../domain/assurance/audit.js';
import { notesIn, signedNotesIn } from '../domain/assurance/checkpoint.js';
import { fail } from '../domain/error.js';
import { catalogueFile, checkpointFile, checkpointHead } from '../domain/paths.js';
import { readCheckpoints } from '../vault/checkpoint-file.js';
import { signerOf } from '../vault/note.js';
import { publicKeys } from '../vault/signing-key.js';
import { contents } from './common/arguments.js';
import type { CliContext } from './common/context.js';
import { timesIn } from './common/table.js';

/** Of what is wrong beside the chain; the rest is counted. */
const MOST_SHOWN = 20;

type Options = { checkpoint: string[]; key: string[]; json?: boolean };
/** Checkpoints that were signed by one of the keys, and how many were not. */
type Believed = { known: Known[]; strange: number };

/** `tapedeck audit verify`: reads the log by itself, without the recorder. */
export function verify(command: Command, ctx: CliContext): void {
  const each = (value: string, before: string[]) => [...before, value];
  command
    .command('verify')
    .description('verify the whole log, and name the first entry that was altered')
    .option(
      '--checkpoint <file>',
      'checkpoints that were kept elsewhere: a file, a mail or syslog lines',
      each,
      [],
    )
    .option(
      '--key <file>',
      'public key (PEM) that signed them, instead of the keys of this machine',
      each,
      [],
    )
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nOnly a checkpoint that was kept elsewhere proves that the end was not cut off and that the log was not rewritten with the\nkeys of this machine. The command only reads; the recorder may be running.\n\nExit codes: 0 the log is intact, 1 it is not, 2 wrong usage.\n\nExamples:\n  tapedeck audit verify\n  tapedeck audit verify --checkpoint /mnt/safe/tapedeck-checkpoints',
    )
    .action(async ({ checkpoint, key, json }: Options) => {
      const keyTexts = key.map((file) => [file, contents(file)] as const);
      const noteTexts = checkpoint.map((file) => [file, contents(file)] as const);
      const dir = ctx.data();
      const path = catalogueFile(dir);
      const own = publicKeys(dir);
      const keys = key.length > 0 ? new Map(keyTexts) : own;
      const given = all(noteTexts.map(([file, text]) => believed(text, keys, file, true)));
      const kept = all([
        believed(await readCheckpoints(checkpointFile(dir)), own, 'kept in the data directory'),
        believed(await readCheckpoints(checkpointHead(dir)), own, 'kept in the data directory'),
        believed(keptNotes(path), own, 'kept in the catalogue'),
      ]);
      const verdict = verifyAudit(path, { given: given.known, kept: kept.known });
      const ok =
        verdict.fault === null && verdict.disguised.length === 0 && given.strange === 0 && kept.strange === 0;
      if (json) ctx.out(JSON.stringify(asJson(ok, verdict, given, kept), null, 2));
      else ctx.out(asText(verdict, given, kept, timesIn(ctx.config().site.time_zone)));
      if (!ok) process.exitCode = 1;
    });
}

function believed(text: string, keys: ReadonlyMap<string, string>, from: string, needed = false): Believed {
  const all = notesIn(text).length;
  if (needed && all === 0) throw fail('request_invalid', `${from}: there is no checkpoint in it.`);
  const known = signedNotesIn(text, (note) => signerOf(note, keys));
  return {
    known: known.map(({ size, hash, at }) => ({ size, hash, at, from })),
    strange: all - known.length,
  };
}

const all = (each: Believed[]): Believed => ({
  known: each.flatMap((b) => b.known),
  strange: each.reduce((sum, b) => sum + b.strange, 0),
});

/** The one that goes furthest, and of those the oldest. */
const furthest = (known: readonly Known[]): Known | undefined =>
  known.toSorted((a, b) => b.size - a.size || (a.at < b.at ? -1 : 1))[0];

const STRANGE =
  'Checkpoints were not signed by a key of this machine: they are of another one, or its keys were exchanged. Give the public key that you know with --key.';

function asJson(ok: boolean, v: Verdict, given: Believed, kept: Believed) {
  return {
    ok,
    entries: v.head.size,
    head: v.head.hash,
    first_at: v.first,
    last_at: v.last,
    first_bad: v.fault && {
      seq: v.fault.seq,
      kind: v.fault.kind,
      message: faultWords[v.fault.kind](v.fault.seq),
      hint: FAULT_HINT,
      checkpoint: v.by,
    },
    disguised: v.disguised,
    checkpoints: {
      from_elsewhere: given.known.length,
      kept: kept.known.length,
      agree: v.agreed.length,
      not_signed_here: given.strange + kept.strange,
      proven_until: furthest(v.agreed.filter((k) => given.known.includes(k)))?.size ?? 0,
    },
    accepted: v.acceptances,
  };
}

function asText(v: Verdict, given: Believed, kept: Believed, time: (ms: number | null) => string): string {
  const when = (iso: string) => time(Date.parse(iso));
  const out: string[] = [];
  if (v.fault) {
    out.push(`THE LOG IS NOT WHOLE. ${faultWords[v.fault.kind](v.fault.seq)}`);
    if (v.by) {
      const { size, at, from } = v.by;
      out.push(`It does not fit the checkpoint of ${when(at)} over ${size} entries (${from}).`);
    }
    if (v.head.size > 0 && !v.by) out.push(`Entries 1 to ${v.head.size} fit together.`);
    out.push(FAULT_HINT);
  } else if (v.head.size === 0) out.push('The log is empty.');
  else
    out.push(
      `The log is whole: ${v.head.size} entries from ${when(v.first)} to ${when(v.last)}.`,
      `The chain comes to ${v.head.hash}.`,
    );
  if (v.disguised.length > 0) {
    const shown = v.disguised.slice(0, MOST_SHOWN);
    const more = v.disguised.length - shown.length;
    out.push('LISTS OF THE LOG, ITS CSV AND EVIDENCE PACKS MAY SHOW OTHER THINGS THAN IT HAS.', ...shown);
    if (more > 0) out.push(`And ${more} more: --json has them all.`);
    out.push(FAULT_HINT);
  }
  if (given.strange + kept.strange > 0) out.push(`${given.strange + kept.strange} of them. ${STRANGE}`);
  for (const a of v.acceptances)
    out.push(`On ${when(a.at)} ${a.by} accepted the log as it was then (entry ${a.seq}): ${a.reason}`);
  if (v.excused.length > 0)
    out.push(`${v.excused.length} checkpoints from before that do not fit, and count no more.`);
  if (!v.fault) out.push(...proof(v, given, kept, when));
  return out.join('\n');
}

/** How far the result can be relied on. */
function proof(v: Verdict, given: Believed, kept: Believed, when: (iso: string) => string): string[] {
  const outside = furthest(v.agreed.filter((k) => given.known.includes(k)));
  if (outside)
    return [
      `Proven up to entry ${outside.size} by ${outside.from}, signed ${when(outside.at)}: nothing before it was changed or cut off.`,
      ...(outside.size < v.head.size
        ? [
            `The ${v.head.size - outside.size} entries behind it fit; only a newer checkpoint proves that none is missing.`,
          ]
        : []),
    ];
  const inside = furthest(v.agreed.filter((k) => kept.known.includes(k)));
  const here = inside
    ? `The ${kept.known.length} checkpoints kept on this machine agree, the furthest at entry ${inside.size}, signed ${when(inside.at)}.`
    : 'No checkpoint has been kept on this machine.';
  return [
    here,
    'No checkpoint from elsewhere was given: anyone who can change this machine could have cut off the end of the log with its checkpoints. Use --checkpoint FILE.',
  ];
}
