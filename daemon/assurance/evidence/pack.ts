import { createHash, createPublicKey } from 'node:crypto';
import { Readable } from 'node:stream';
import { ulid } from 'ulid';
import type { Verbs } from '../../catalogue/catalogue.js';
import type { StoredCall } from '../../catalogue/stored-call.js';
import type { NewEntry } from '../../domain/assurance/audit.js';
import { sha256 } from '../../domain/assurance/canonical.js';
import { type Note, signedNotesIn } from '../../domain/assurance/checkpoint.js';
import { type GivenOut, PACK, readmeText } from '../../domain/assurance/evidence.js';
import { consentOf } from '../../domain/call/consent.js';
import { storyOf, storyText } from '../../domain/call/story.js';
import { iso, times } from '../../domain/days.js';
import { fail } from '../../domain/error.js';
import { inWords, type Say } from '../../domain/reason/words.js';
import { disagreements, type Manifest, type SignedManifest } from '../../domain/recording/manifest.js';
import type { Recording } from '../../domain/recording/recording.js';
import { type Registered, registerFault } from '../../domain/recording/registered.js';
import { coverSheet } from './cover.js';
import { chain, entriesOf, firstOf, follows, headBefore, type Log, lines } from './log.js';
import { readVerifier } from './verifier.js';
import { zipOf } from './zip.js';

/** An open recording, as the vault gives it. */
type Audio = { size: number; read(start: number, end: number): Readable; close(): Promise<void> };

export type EvidenceDeps = {
  catalogue: Log & Verbs<'seals.manifest' | 'audit.checkpoints'>;
  open(recording: Recording): Promise<Audio>;
  openManifest(signed: SignedManifest): { manifest: Manifest | null; fault: string | null };
  /** What the recorder noted when it sealed the recording; null for nothing, undefined where that is not known. */
  registered(recording: Recording): Promise<Registered | null | undefined>;
  /** Every public key of this box, by its id, as PEM. */
  keys: ReadonlyMap<string, string>;
  /** The id of the key of this box that has signed a note, or null. */
  signerOf(note: Note): string | null;
  /** The id of the key with which the recorder signs, null where it does not answer; and a checkpoint of the log as it is. */
  recorder: { key(): Promise<string | null>; sign(): Promise<string> };
  /** Writes that the pack is given out. Resolves when that is durable; throws `audit_unwritable`. */
  write(about: Pick<NewEntry, 'object' | 'object_id' | 'reason' | 'detail'>): Promise<void>;
  site: { name: string; timeZone: string };
  version: string;
  now: () => number;
};

export type Evidence = {
  name: string;
  /** The ZIP. It fails when something goes wrong on the way; destroying it ends the work. */
  stream: Readable;
  /** The checkpoint in it, and whether this export is one of the entries that it covers. */
  checkpoint: { size: number; at: string };
  fresh: boolean;
};

/**
 * Makes the evidence pack of a call: everything in it is verified first, then the export is written to the audit log, and
 * only then is anything given out. Throws `evidence_refused`, `recording_absent`, `key_missing`, `seal_damaged`,
 * `checkpoint_refused` or `audit_unwritable`.
 */
export async function evidencePack(
  deps: EvidenceDeps,
  call: StoredCall,
  who: { by: string; reason: string },
): Promise<Evidence> {
  const { catalogue } = deps;
  const recording = whole(call, times(deps.site.timeZone));
  const { signed, manifest } = await vouched(deps, recording);
  await heardWhole(deps, recording, manifest);
  const signs = await deps.recorder.key();
  const fresh = signs !== null;
  const kept = fresh ? null : await newestKept(deps);
  const signer = signs ?? kept!.signer;
  if (!deps.keys.has(signer)) throw fail('evidence_refused', `The public key ${signer} is not there.`);
  const ids = [...new Set([call.id, manifest.call.id])];
  const first = await firstOf(catalogue, ids);
  // What is wrong with the log is found before anything is written or given out.
  const before = await headBefore(catalogue, Math.min(first, (kept?.size ?? first - 1) + 1));
  await follows(catalogue, before, kept);

  const pack = ulid(deps.now());
  const made = iso(deps.now());
  const documents = await documentsOf(deps, {
    call,
    recording,
    signed,
    manifest,
    pack,
    made,
    signer,
    ...who,
    fresh,
  });
  const files = documents.map(({ name, bytes }) => `${name} ${sha256(bytes)}`);
  const earlier = await entriesOf(catalogue, ids);
  const log = createHash('sha256');
  for await (const line of lines(catalogue, earlier)) log.update(line);
  const detail = {
    ...{ recording: recording.id, what: 'evidence', pack, fresh },
    ...{ entries_before: earlier.length, entries_sha256: log.digest('hex') },
  };
  await deps.write({
    object: 'call',
    object_id: call.id,
    reason: who.reason,
    detail: { ...detail, files: [...files, `${PACK.recording} ${recording.plainSha256}`] },
  });

  const note = kept ?? signedIn(deps, await deps.recorder.sign());
  if (!note) throw fail('evidence_refused', 'The checkpoint was not signed by a key of this box.');
  if (note.signer !== signer) throw fail('evidence_refused', 'The key changed just now. Try again.');
  const entries = await entriesOf(catalogue, ids, fresh ? note.size : undefined);
  const audio = await deps.open(recording);
  const stream = zipOf(new Date(made), PACK.sums, [
    ...documents.map(({ name, bytes }) => ({
      name,
      source: () => Readable.from([bytes]),
      size: bytes.length,
    })),
    { name: PACK.recording, source: () => audio.read(0, audio.size - 1), size: audio.size, stored: true },
    { name: PACK.log, source: () => Readable.from(lines(catalogue, entries)) },
    {
      name: PACK.chain,
      source: () => Readable.from(chain(catalogue, { pack, before, until: note, entries })),
    },
    { name: PACK.checkpoint, source: () => Readable.from([Buffer.from(note.text)]) },
  ]);
  stream.once('close', () => void audio.close().catch(() => {}));
  return {
    name: `tapedeck-evidence-${call.id}${recording.supersededBy === null ? '' : `-v${recording.version}`}.zip`,
    stream,
    checkpoint: { size: note.size, at: note.at },
    fresh,
  };
}

function whole({ recording, coverage }: StoredCall, say: Say): Recording {
  if (recording === null) throw fail('recording_absent', inWords(coverage.why, say));
  if (recording.state !== 'sealed') throw fail('key_missing', inWords(recording.eraseWhy, say));
  return recording;
}

/** What was signed of a recording, when it is what was signed. */
async function vouched({ catalogue, openManifest, registered }: EvidenceDeps, recording: Recording) {
  const signed = await catalogue.seals.manifest(recording.id);
  const noted = await registered(recording);
  if (noted && noted.recordingId !== recording.id)
    throw fail('evidence_refused', 'There is another version of the recording now. Try again.');
  const differs = noted === undefined ? null : registerFault(noted, recording, signed?.sha256 ?? null);
  if (differs !== null) throw fail('evidence_refused', differs);
  if (!signed)
    throw fail(
      'evidence_refused',
      'The recording was sealed before there were manifests. The recorder signs it within the next nights.',
    );
  const { manifest, fault } = openManifest(signed);
  if (fault !== null || !manifest)
    throw fail('evidence_refused', `Its manifest is not what was signed. ${fault ?? ''}`.trim());
  return { signed: { ...signed, text: signed.text! }, manifest };
}

/** Reads the recording to its end. Throws `seal_damaged` unless it is what was signed. */
async function heardWhole(deps: EvidenceDeps, recording: Recording, manifest: Manifest): Promise<void> {
  const audio = await deps.open(recording);
  try {
    const hash = createHash('sha256');
    for await (const piece of audio.read(0, audio.size - 1)) hash.update(piece as Buffer);
    if (hash.digest('hex') !== manifest.recording.plain.sha256)
      throw fail('seal_damaged', 'It is another sound than the one that was signed.');
  } finally {
    await audio.close();
  }
}

type Checkpoint = Note & { signer: string; text: string };

/** The checkpoint in a text, if a key of this box has signed it. */
function signedIn({ signerOf }: EvidenceDeps, text: string): Checkpoint | null {
  const [note] = signedNotesIn(text, signerOf);
  return note ? { ...note, text } : null;
}

/** The newest checkpoint that was kept. */
async function newestKept(deps: EvidenceDeps): Promise<Checkpoint> {
  for (const { note } of await deps.catalogue.audit.checkpoints(50)) {
    const found = signedIn(deps, note);
    if (found) return found;
  }
  throw fail('evidence_refused', 'No checkpoint of the audit log was signed yet. Start the recorder.');
}

type Given = GivenOut & {
  call: StoredCall;
  recording: Recording;
  signed: SignedManifest & { text: string };
  manifest: Manifest;
  pack: string;
  made: string;
  /** The id of the key that signs the checkpoint. */
  signer: string;
};

/** The files that are there before the export is written down. */
async function documentsOf(deps: EvidenceDeps, given: Given): Promise<{ name: string; bytes: Buffer }[]> {
  const { call, recording, signed, manifest, pack, made, by, reason, fresh } = given;
  const { site, version } = deps;
  const pem = deps.keys.get(signed.keyId)!;
  const fingerprint = sha256(createPublicKey(pem).export({ type: 'spki', format: 'der' }));
  const story = storyOf(manifest, disagreements(manifest, call, recording));
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  const givenOut = { by, reason, fresh };
  const about = { pack, manifest, fingerprint, made, givenOut, site, version };
  const cover = { ...about, manifestSha256: signed.sha256, keyId: signed.keyId };
  const otherKey = given.signer !== signed.keyId;
  const texts: [string, string | Buffer][] = [
    [PACK.readme, readmeText({ call: call.id, pack, fingerprint, otherKey, made, givenOut })],
    [PACK.cover, await coverSheet(cover)],
    [PACK.verifier, readVerifier()],
    [PACK.story, storyText(story, manifest, site.timeZone)],
    [PACK.storyData, json(story)],
    [PACK.consent, json(consentOf(manifest))],
    [PACK.manifest, signed.text],
    [PACK.signature, Buffer.from(signed.signature, 'base64')],
    [PACK.key, pem],
    ...(otherKey ? [[PACK.checkpointKey, deps.keys.get(given.signer)!] as [string, string]] : []),
  ];
  return texts.map(([name, bytes]) => ({ name, bytes: Buffer.from(bytes) }));
}
