import { utf8ToBytes } from '@noble/hashes/utils.js';
import { chainIn, compare, type Entry, entriesIn, follow } from './chain.js';
import { checkpointIn, type Key, keyIn, signed } from './keys.js';
import { type Manifest, manifestIn, type Proven } from './newer.js';
import { CHECKPOINT_KEY, EXPECTED, type Fault, hex, sumsIn, text, unpack } from './pack.js';

type Place = { seq: number; at: string };
export type Step = { name: string; ok: boolean };
export type Report = {
  faults: Fault[];
  notes: string[];
  steps: Step[];
  /** What was signed with which key, by the SHA-256 of the public one. */
  keys: { signed: string; fingerprint: string }[];
  call: string;
  /** Another recorder made the recording: it was imported, and not captured. */
  imported: boolean;
  sealedAt: string;
  signedTo: { size: number; at: string } | null;
  /**
   * Whether all of it is under a signature. Where the entry of this export is not, only the recording, its manifest and
   * single entries are proven: neither the story, nor that no entry is missing.
   */
  whole: boolean;
  covered: boolean;
  /** The entry of this export, and the last one that was counted before it: up to there none is missing. */
  exported: Place | null;
  completeTo: Place | null;
  story: string;
  consent: string;
  entries: { entry: Entry; state: 'good' | 'after' | 'bad' }[];
  /** The sound, where it is the one that was signed. */
  audio: Uint8Array | null;
  /** What a newer pack is compared with; null where the signature of the manifest is not good. */
  proven: Proven | null;
};

/** Verifies a pack from its beginning to its end. */
export async function check(zip: Uint8Array, progress: (what: string) => void): Promise<Report> {
  progress('Unpacking');
  const { files, faults } = unpack(zip);
  const steps: Step[] = [];
  const notes: string[] = [];
  const add = (...found: Fault[]) => void faults.push(...found);
  const step = (name: string, ok: boolean) => {
    steps.push({ name, ok });
    return ok;
  };
  step('The ZIP has every file of a pack, and nothing else', faults.length === 0);
  const get = (name: string) => text(files.get(name));
  const hashes = new Map<string, string>();
  for (const [name, bytes] of files) {
    progress(`Hashing ${name}`);
    await breathe();
    hashes.set(name, hex(bytes));
  }

  // What was signed of the recording.
  const key = keyIn(get('public-key.pem'));
  const manifestBytes = files.get('manifest.json');
  const manifestSigned =
    manifestBytes !== undefined && signed(key, manifestBytes, files.get('manifest.sig') ?? new Uint8Array());
  step('The manifest was signed with the key', manifestSigned);
  const manifest = manifestIn(get('manifest.json'));
  const audioGood =
    manifestSigned && manifest !== null && hashes.get('recording.opus') === manifest.recording.plain.sha256;
  step('The recording is the one that the manifest names', audioGood);

  // The log.
  const checkpointKey = files.has(CHECKPOINT_KEY) ? keyIn(get(CHECKPOINT_KEY)) : key;
  const checkpoint = checkpointIn(get('checkpoint.txt'), checkpointKey);
  const checkpointGood =
    checkpoint !== null && signed(checkpointKey, utf8ToBytes(checkpoint.body), checkpoint.signature);
  step('The checkpoint of the audit log was signed', checkpointGood);
  const chain = chainIn(get('audit-chain.json'));
  const end =
    chain && (await follow(chain, (share) => progress(`Following the chain: ${Math.round(share * 100)} %`)));
  const leads =
    checkpointGood &&
    chain !== null &&
    end === checkpoint.hash &&
    end === chain.head.hash &&
    chain.head.size === checkpoint.size &&
    chain.before.size + chain.digests.length === checkpoint.size &&
    checkpoint.origin === `tapedeck/${chain.log}`;
  step('The chain leads from the access log to the checkpoint', leads);
  const logText = get('access-log.jsonl') ?? '';
  const log = entriesIn(logText);
  const logFaults = chain ? compare(log, chain, leads) : [];
  if (!log.whole && files.has('access-log.jsonl'))
    logFaults.push({ file: 'access-log.jsonl', what: 'It was cut off.' });
  if (chain === null && files.has('audit-chain.json'))
    add({ file: 'audit-chain.json', what: 'It is no chain.' });
  step('Each entry of the access log is in its place in the chain', chain !== null && logFaults.length === 0);
  add(...logFaults);

  // What was given out: the entry of the export names it.
  const at = log.entries.findIndex(
    (e) => e?.action === 'export' && chain !== null && e.detail?.pack === chain.pack,
  );
  const exported = log.entries[at] ?? null;
  const covered =
    exported !== null &&
    leads &&
    exported.seq <= checkpoint.size &&
    !logFaults.some((f) => f.entry === exported.seq);
  const given = exported && sumsOf(exported.detail);
  const counted = countOf(exported?.detail.entries_before, at);
  const complete =
    counted !== null &&
    hex(
      log.lines
        .slice(0, counted)
        .map((line) => `${line}\n`)
        .join(''),
    ) === exported?.detail.entries_sha256;
  if (exported === null && files.has('access-log.jsonl'))
    add({ file: 'access-log.jsonl', what: 'The entry of this export is not in it.' });
  else if (exported !== null && !complete && logFaults.length === 0)
    add({
      file: 'access-log.jsonl',
      what: 'It is not complete: entries from before this export are missing, or others were put in.',
    });
  step('No entry from before this export is missing from the access log', covered && complete);
  if (exported !== null && !covered && leads && logFaults.length === 0)
    notes.push(
      `Nothing is signed of this export (entry ${exported.seq}): the checkpoint in it is older. So nothing proves README.txt, cover.pdf, story.txt and the other files that tell of the call, nor that no entry is missing from the access log: anybody can have written them anew. Only the facts in consent.json, not its words, were compared with the manifest. If the recorder did not run when the pack was made, have it made again.`,
    );
  if (manifest?.made_later)
    notes.push(
      `The manifest was signed later than the recording was sealed: that it is unchanged is proven since ${manifest.made_at}.`,
    );

  const proven = manifestSigned ? manifest : null;
  const consentFits = proven !== null && saysConsentOf(get('consent.json'), proven);
  step('consent.json says what the manifest says', consentFits);

  if (manifest?.imported) notes.push(importedNote(manifest.imported));

  const sums = sumsIn(get('SHA256SUMS'));
  if (sums === null && files.has('SHA256SUMS')) add({ file: 'SHA256SUMS', what: 'It is no list of hashes.' });
  const changed = judge(hashes, sums, given, {
    manifest: manifestSigned,
    audio: audioGood,
    checkpoint: checkpointGood && leads,
    log: leads && logFaults.length === 0,
    chain: leads && logFaults.length === 0 && complete && chain.exact,
  });
  step(
    'Every file has the hash that SHA256SUMS and the entry of the export name',
    covered && sums !== null && given !== null && changed.length === 0,
  );
  for (const fault of changed) if (fault.file !== 'access-log.jsonl' || logFaults.length === 0) add(fault);

  // What failed without a hash that tells why.
  const blamed = (...names: string[]) => files.size === 0 || faults.some(({ file }) => names.includes(file));
  if (!manifestSigned && !blamed('manifest.json', 'manifest.sig', 'public-key.pem'))
    add({ file: 'manifest.sig', what: 'It is not the signature of this manifest with this key.' });
  if (manifest === null && !blamed('manifest.json'))
    add({ file: 'manifest.json', what: 'It is no manifest.' });
  if (manifestSigned && !audioGood && !blamed('recording.opus', 'manifest.json'))
    add({ file: 'recording.opus', what: 'It is not the recording that the manifest names.' });
  if (proven !== null && !consentFits && !blamed('consent.json'))
    add({ file: 'consent.json', what: 'It does not say what the manifest says.' });
  if (!checkpointGood && !blamed('checkpoint.txt', CHECKPOINT_KEY, 'public-key.pem'))
    add({ file: 'checkpoint.txt', what: 'It was not signed with this key.' });
  if (checkpointGood && !leads && !blamed('audit-chain.json', 'checkpoint.txt'))
    add({ file: 'audit-chain.json', what: 'It does not lead to the checkpoint.' });
  if (chain?.exact === false && !blamed('audit-chain.json'))
    add({ file: 'audit-chain.json', what: 'It is not written as Tapedeck writes it.' });
  if (exported && manifest && exported.detail.recording !== manifest.recording.id && faults.length === 0)
    add({ file: 'manifest.json', what: 'It is that of another recording than the one that was exported.' });
  // After an absorbed call's name it is the one under which its recording was signed.
  const names = [exported?.object_id, manifest?.call.id];
  for (const entry of faults.length === 0 ? log.entries : [])
    if (entry && !names.includes(entry.object_id))
      add({ file: 'access-log.jsonl', entry: entry.seq, what: 'It is not about this call.' });

  return {
    faults,
    notes,
    steps,
    keys: keysOf(key, checkpointKey),
    call: manifest?.call.id ?? '',
    imported: Boolean(manifest?.imported),
    sealedAt: (manifest?.made_later ? manifest.made_at : manifest?.recording.sealed_at) ?? '',
    signedTo: checkpointGood ? { size: checkpoint.size, at: checkpoint.at } : null,
    whole: steps.every(({ ok }) => ok),
    covered,
    exported,
    completeTo: covered && complete && counted > 0 ? log.entries[counted - 1]! : null,
    story: get('story.txt') ?? '',
    consent: consentIn(get('consent.json')),
    entries: log.entries.flatMap((entry) =>
      entry === null
        ? []
        : [
            {
              entry,
              state:
                logFaults.some((f) => f.entry === entry.seq) || !leads
                  ? 'bad'
                  : entry.seq > checkpoint.size
                    ? 'after'
                    : 'good',
            } as const,
          ],
    ),
    audio: audioGood ? files.get('recording.opus')! : null,
    proven: audioGood && key ? { manifest, bytes: manifestBytes, key } : null,
  };
}

/** What was made after the entry of the export, which therefore cannot name it. */
const LATER = ['access-log.jsonl', 'audit-chain.json', 'checkpoint.txt'];

/**
 * Which files are not what they were. Two lists have the hash of most of them, and signatures vouch for some: where one
 * list is alone with what it says, it is the list that was changed.
 */
function judge(
  hashes: ReadonlyMap<string, string>,
  sums: ReadonlyMap<string, string> | null,
  given: ReadonlyMap<string, string> | null,
  proven: { manifest: boolean; audio: boolean; checkpoint: boolean; log: boolean; chain: boolean },
): Fault[] {
  const vouched = new Set<string>([
    ...(proven.manifest ? ['manifest.json'] : []),
    ...(proven.audio ? ['recording.opus'] : []),
    ...(proven.checkpoint ? ['checkpoint.txt'] : []),
    ...(proven.log ? ['access-log.jsonl'] : []),
    ...(proven.chain ? ['audit-chain.json'] : []),
  ]);
  const faults: Fault[] = [];
  for (const [name, hash] of hashes) {
    if (name === 'SHA256SUMS') continue;
    const bySums = sums === null ? null : sums.get(name) === hash;
    const byEntry = given && !LATER.includes(name) ? given.get(name) === hash : null;
    if (bySums === false && (byEntry === true || vouched.has(name)))
      faults.push({ file: 'SHA256SUMS', what: `What it says of ${name} is not what was given out.` });
    else if (bySums === false) faults.push({ file: name, what: 'It is not what was given out.' });
    else if (byEntry === false)
      faults.push({ file: name, what: 'It is not what was given out, although SHA256SUMS fits it.' });
  }
  for (const name of sums?.keys() ?? [])
    if (!hashes.has(name) && name !== 'SHA256SUMS')
      if (!(EXPECTED as readonly string[]).includes(name))
        faults.push({ file: 'SHA256SUMS', what: `It names ${name}, which is not there.` });
  return faults;
}

function sumsOf({ files }: Record<string, unknown>): Map<string, string> | null {
  if (!Array.isArray(files) || !files.every((each) => typeof each === 'string')) return null;
  return sumsIn(files.map((each) => `${each.replace(/^(\S+) (\S+)$/, '$2  $1')}\n`).join(''));
}

/** So many of the lines before this one were counted; null where that cannot be. */
const countOf = (value: unknown, at: number): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= at ? value : null;

function keysOf(manifest: Key | null, checkpoint: Key | null): Report['keys'] {
  const of = (signed: string, key: Key | null) => (key ? [{ signed, fingerprint: key.fingerprint }] : []);
  return manifest?.fingerprint === checkpoint?.fingerprint
    ? of('everything', manifest)
    : [...of('the manifest', manifest), ...of('the checkpoint', checkpoint)];
}

/** Whether the facts in a consent.json are those that the manifest has. Before version 2 it had others. */
function saysConsentOf(json: string | null, { call, consent }: Manifest): boolean {
  try {
    const said = JSON.parse(json ?? '') as Record<string, unknown>;
    if (said.format_version === 1 || consent === undefined) return true;
    const { rule, policy_version, notice, played = [], answers = [] } = consent;
    const facts = { call: call.id, rule, policy_version, announcement: notice, played, answers };
    return Object.entries(facts).every(([name, value]) => sorted(said[name]) === sorted(value));
  } catch {
    return false;
  }
}

/** A value as JSON, its names in order. */
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  ) ?? '';

function consentIn(json: string | null): string {
  try {
    return String((JSON.parse(json ?? '') as { words?: unknown }).words ?? '');
  } catch {
    return '';
  }
}

const importedNote = ({ imported_at, recorder, original }: NonNullable<Manifest['imported']>): string =>
  `Imported, not captured: another recorder (${String(recorder)}) made this recording, and it was imported at ${String(imported_at)}. The SHA-256 of the original at the import: ${String(original?.sha256)}. Nothing here proves what was done to it before that.`;

const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
