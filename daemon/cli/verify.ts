import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { verifierHash } from '../assurance/evidence/verifier.js';
import type { Catalogue } from '../catalogue/catalogue.js';
import type { StoredCall } from '../catalogue/stored-call.js';
import { iso } from '../domain/days.js';
import { fail } from '../domain/error.js';
import { keysFile } from '../domain/paths.js';
import { inWords, type Say } from '../domain/reason/words.js';
import { manifestFault } from '../domain/recording/manifest.js';
import type { Recording } from '../domain/recording/recording.js';
import { registerFault } from '../domain/recording/registered.js';
import { isUnreachable } from '../domain/recording/tier.js';
import { createExaminer, MANIFEST_GONE } from '../recordings/scrub/examine.js';
import { openManifest } from '../vault/manifest.js';
import { readRegistered } from '../vault/register.js';
import { keyId, publicKeys } from '../vault/signing-key.js';
import type { CliContext } from './common/context.js';
import { onConsole } from './common/entries.js';
import { createOpening, type Opening } from './common/opening.js';
import { timesIn } from './common/table.js';
import { verifyPack } from './verify-pack.js';

type Options = { all?: boolean; damaged?: boolean; pack?: string; publicKey?: string; json?: boolean };

/** What was found of one recording. `faults` is empty when all is as it should be; `notes` are no faults. */
type Verdict = {
  call_id: string;
  recording_id: string;
  state: Recording['state'];
  signed_at: string | null;
  key_id: string | null;
  faults: string[];
  notes: string[];
};

const PAGE = 500;

/** `tapedeck verify`: that recordings are as they were sealed and signed. */
export function verify(program: Command, ctx: CliContext): void {
  program
    .command('verify')
    .description(
      'verify the file, signature and catalogue row of one recording or of all, or an evidence pack',
    )
    .argument('[call]', 'id of the call, from "tapedeck calls"')
    .option('--all', 'every recording; reads all files')
    .option('--damaged', 'only recordings known to be damaged')
    .option('--pack <zip>', 'an evidence pack instead; needs no recorder')
    .option('--public-key <file>', 'trust only this public key, from the copy that you keep elsewhere')
    .option('--json', 'as JSON, one line per recording')
    .addHelpText(
      'after',
      () =>
        `\nExit code 0 if everything was read, can be opened and is as it was signed, 1 otherwise.\n\nAn evidence pack is proved by a key of this machine or the one of --public-key. Somebody without Tapedeck opens verify.html from the\ndashboard or from dist/web/verify, and gives it the pack. Its SHA-256:\n  ${verifierHash()}\n\nExamples:\n  tapedeck verify 01JDK3V7Q8ZM5T4R2XW9YB6C1E\n  tapedeck verify --all --public-key /media/usb/tapedeck.pem\n  tapedeck verify --pack case-17.zip --public-key tapedeck.pem`,
    )
    .action(async (id: string | undefined, options: Options) => {
      if ([id, options.all, options.damaged, options.pack].filter(Boolean).length !== 1)
        throw fail('request_invalid', 'Name a call, or say --all, --damaged or --pack.');
      if (options.pack) return verifyPack(ctx, options.pack, options);
      await ctx.holdMaster();
      const zone = ctx.config().site.time_zone;
      const trusted = keysOf(ctx, options.publicKey);
      let looked = 0;
      let wrong = 0;
      let away = 0;
      const opening = createOpening(ctx);
      for await (const recording of chosen(await ctx.catalogue(), id, options, timesIn(zone))) {
        const verdict = await examine(ctx, opening, recording, trusted);
        looked += 1;
        if (verdict.faults.length > 0) wrong += 1;
        if (verdict.notes.includes(UNREAD)) away += 1;
        if (options.json) ctx.out(JSON.stringify(verdict));
        else if (verdict.faults.length > 0 || !options.all) ctx.out(asText(verdict, zone));
      }
      const { unopened, why } = opening;
      if (!options.json) {
        const files = unopened === 0 ? '' : ', as far as that can be told without opening them';
        ctx.out(
          wrong === 0
            ? `${looked - away} verified: all as sealed and signed${files}.`
            : `${looked - away} verified, ${wrong} NOT as they should be.`,
        );
        if (why !== null)
          ctx.out(`${unopened} CANNOT BE OPENED by anybody here: ${why.message}\n  ${why.hint}`);
        if (away > 0) ctx.out(`${away} NOT READ: the archive cannot be reached ("tapedeck archive status").`);
      }
      if (wrong > 0 || away > 0 || unopened > 0) process.exitCode = 1;
    });
}

function keysOf(ctx: CliContext, file: string | undefined): Map<string, string> {
  if (file === undefined) return publicKeys(ctx.data());
  try {
    const pem = readFileSync(file, 'utf8');
    return new Map([[keyId(pem), pem]]);
  } catch (e) {
    throw fail('request_invalid', `${file} is no public key: ${(e as Error).message}`, e);
  }
}

async function* chosen(
  catalogue: Catalogue,
  id: string | undefined,
  options: Options,
  say: Say,
): AsyncGenerator<Recording> {
  if (id !== undefined) {
    const call = await catalogue.calls.get(id.toUpperCase());
    if (!call || call.test) throw fail('call_unknown', id);
    if (!call.recording) throw fail('recording_absent', inWords(call.coverage.why, say));
    yield call.recording;
  } else if (options.damaged) {
    for (const { recordingId } of await catalogue.seals.damaged(100_000)) {
      const recording = await catalogue.recordings.get(recordingId);
      if (recording) yield recording;
    }
  } else
    for (let after = ''; ; ) {
      const page = await catalogue.recordings.after(after, PAGE);
      if (page.length === 0) return;
      yield* page;
      after = page.at(-1)!.id;
    }
}

async function examine(
  ctx: CliContext,
  opening: Opening,
  recording: Recording,
  trusted: Map<string, string>,
): Promise<Verdict> {
  const catalogue = await ctx.catalogue();
  const call = await catalogue.calls.get(recording.callId);
  const read =
    recording.state !== 'sealed' ? null : await fileFault(ctx, opening, catalogue, recording).catch(unread);
  const file = read === UNREAD ? null : read;
  const manifest = await manifestFaults(catalogue, call, recording, trusted);
  const noted = recording.state === 'erased' ? null : await registerFaults(ctx, catalogue, recording);
  return {
    call_id: recording.callId,
    recording_id: recording.id,
    state: recording.state,
    ...manifest,
    notes: [
      ...(read === UNREAD ? [UNREAD] : []),
      ...(opening.missed(recording) ? [UNOPENED] : []),
      ...supersedingNotes(recording),
      ...manifest.notes,
    ],
    faults: [file, noted, ...manifest.faults].filter((fault) => fault !== null),
  };
}

/** Said of a recording of which nobody can tell now whether its file is as it was sealed. */
const UNREAD = 'NOT READ: its file is in the archive, which cannot be reached.';
function unread(e: unknown): typeof UNREAD {
  if (isUnreachable(e)) return UNREAD;
  throw e;
}

/** Said of a recording whose bytes are as sealed, and that nobody can play. */
const UNOPENED = 'CANNOT BE OPENED: the keys of the recordings cannot be used.';

/** That a version was redacted, or was made by a redaction. */
function supersedingNotes({ version, supersededBy, redaction }: Recording): string[] {
  return [
    supersededBy && `It was redacted: version ${version + 1} (${supersededBy}) stands in its place.`,
    redaction &&
      `It was redacted: it stands in the place of version ${version - 1} (${redaction.older}), which was ${redaction.olderKept ? 'kept; listening to it needs two people' : 'destroyed'}.`,
  ].filter((note): note is string => typeof note === 'string');
}

/**
 * Reads the file. What was found, there and in what was signed, goes on the row if that said something else, and into the
 * audit log if it is news. What was signed counts there by the keys that were in use here, whomever this verifier trusts.
 */
async function fileFault(
  ctx: CliContext,
  opening: Opening,
  catalogue: Catalogue,
  recording: Recording,
): Promise<string | null> {
  const dataDir = ctx.data();
  const store = ctx.recordings();
  const known = publicKeys(dataDir);
  const before = (await catalogue.seals.check(recording.id))?.fault ?? null;
  const examiner = createExaminer({
    ...{ catalogue, hash: store.hash },
    openManifest: (signed) => openManifest(signed, known),
    registered: async ({ id }) => readRegistered(keysFile(dataDir), id),
    opens: opening.open,
  });
  const signed = await examiner.signed(recording);
  const file = await examiner.file(recording);
  const fault = file ?? signed;
  // Nobody may call well what was damaged before, and could not be opened now.
  if (fault === before || (fault === null && opening.missed(recording))) return file;
  // Whoever cannot have it written down is told all the same.
  const finding = { recording: recording.id, fault, found: 'when it was verified' } as const;
  await ctx.ask('put_finding', { by: onConsole(), ...finding }).catch(() => {});
  return file;
}

/** In what the row differs from what the recorder noted when it sealed the recording. */
async function registerFaults(
  ctx: CliContext,
  catalogue: Catalogue,
  recording: Recording,
): Promise<string | null> {
  const noted = readRegistered(keysFile(ctx.data()), recording.id);
  const signed = await catalogue.seals.manifest(recording.id);
  return noted === undefined ? null : registerFault(noted, recording, signed?.sha256 ?? null);
}

async function manifestFaults(
  catalogue: Catalogue,
  call: StoredCall | null,
  recording: Recording,
  trusted: Map<string, string>,
): Promise<Pick<Verdict, 'signed_at' | 'key_id' | 'faults' | 'notes'>> {
  const signed = await catalogue.seals.manifest(recording.id);
  const none = { signed_at: null, key_id: null, faults: [], notes: [] };
  if (!signed && (await catalogue.seals.check(recording.id))?.signed)
    return { ...none, faults: [MANIFEST_GONE] };
  if (!signed && recording.state !== 'sealed')
    return { ...none, notes: ['It was erased before it was signed.'] };
  if (!signed)
    return { ...none, notes: ['It was sealed before there were manifests; the next nights make one.'] };
  const of = { signed_at: iso(signed.madeAt), key_id: signed.keyId };
  if (signed.text === null && recording.state !== 'sealed')
    return { ...of, faults: [], notes: [`It was erased; the manifest's hash is kept: ${signed.sha256}`] };
  const opened = openManifest(signed, trusted);
  const fault = manifestFault(opened, call, recording);
  const manifest = opened.fault === null ? opened.manifest : null;
  return {
    ...of,
    faults: fault === null ? [] : [fault],
    notes: [
      ...(manifest?.made_later ? ['The manifest was made later than the recording.'] : []),
      ...(manifest && call && call.id !== manifest.call.id
        ? [`It was sealed as call ${manifest.call.id}.`]
        : []),
    ],
  };
}

function asText(v: Verdict, zone: string): string {
  const signed =
    v.signed_at === null ? 'not signed' : `signed ${timesIn(zone)(Date.parse(v.signed_at))} by ${v.key_id}`;
  const head = `${v.faults.length === 0 ? 'ok  ' : 'BAD '}  ${v.call_id}  ${v.state}, ${signed}`;
  return [head, ...v.faults.map((f) => `      ${f}`), ...v.notes.map((n) => `      (${n})`)].join('\n');
}
