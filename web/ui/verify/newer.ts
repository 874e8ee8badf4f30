import { type Key, signed } from './keys.js';
import { hex, text, unpack } from './pack.js';

type Side = 'both' | 'them' | 'us';
type Stretch = { side: Side; from_ms: number; until_ms: number };
/** What a manifest says, as far as it is needed here. Before version 3 there was no `of` and no `version`. */
export type Manifest = {
  made_at: string;
  made_later: boolean;
  call: { id: string };
  consent?: {
    rule: unknown;
    policy_version: unknown;
    notice: unknown;
    played?: unknown;
    answers?: unknown;
  };
  /** Of a recording that another recorder made. */
  imported?: { imported_at?: unknown; recorder?: unknown; original?: { sha256?: unknown } } | null;
  recording: {
    id: string;
    of?: string;
    version?: number;
    sealed_at: string;
    plain: { sha256: string };
    redaction?: {
      by: string;
      reason: string;
      older: { id: string; plain_sha256: string; manifest_sha256: string | null };
      stretches: Stretch[];
    } | null;
  };
};

/** A manifest whose signature is good, with its bytes and the key that signed them. */
export type Proven = { manifest: Manifest; bytes: Uint8Array; key: Key };

/** That a pack was superseded, or why that which was chosen as newer says nothing about it. */
export type Newer =
  | {
      refused: null;
      version: number;
      /** The version that the redaction was made of. */
      from: number;
      /** There are other versions between it and the pack. */
      skipped: boolean;
      at: string;
      by: string;
      reason: string;
      stretches: Stretch[];
    }
  | { refused: string };

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Returns what a manifest says; null for a text that is none. */
export function manifestIn(json: string | null): Manifest | null {
  try {
    const found = JSON.parse(json ?? '') as Manifest & { format?: string };
    const { call, recording, made_at } = found;
    const words = [call.id, recording.id, recording.plain.sha256];
    const whole = found.format === 'tapedeck.manifest' && words.every((each) => typeof each === 'string');
    return whole && [recording.sealed_at, made_at].every((each) => TIME.test(each)) ? found : null;
  } catch {
    return null;
  }
}

/** Returns whether the newer files, a pack or a manifest with its signature, supersede what was proven of a pack. */
export function compareNewer(pack: Proven, files: ReadonlyMap<string, Uint8Array>): Newer {
  const found = membersIn(files);
  if ('refused' in found) return found;
  const manifest = manifestIn(text(found.manifest));
  if (!manifest) return { refused: 'It contains no manifest that can be read.' };
  if (!signed(pack.key, found.manifest, found.signature))
    return {
      refused:
        'Its signature is not valid for the key that signed this pack. It was changed, or signed with another key.',
    };
  const [now, before] = [manifest.recording, pack.manifest.recording];
  if (firstOf(now) !== firstOf(before)) return { refused: 'It is about another recording.' };
  const [version, own] = [now.version ?? 1, before.version ?? 1];
  if (version < own) return { refused: `It is older: version ${version}, and this pack has version ${own}.` };
  if (version === own) return { refused: `It is the same version as this pack: version ${own}.` };
  const { redaction } = now;
  if (!redaction || !isRedaction(redaction))
    return { refused: 'It does not say what was redacted in the recording.' };
  const { older } = redaction;
  const same =
    older.id === before.id &&
    older.plain_sha256 === before.plain.sha256 &&
    (older.manifest_sha256 === null || older.manifest_sha256 === hex(pack.bytes));
  if (version === own + 1 && !same)
    return { refused: `It was made from another version ${own} than the one in this pack.` };
  const { by, reason, stretches } = redaction;
  return {
    ...{ refused: null, version, from: version - 1, skipped: version > own + 1 },
    ...{ at: now.sealed_at, by, reason, stretches },
  };
}

type Members = { manifest: Uint8Array; signature: Uint8Array };

function membersIn(files: ReadonlyMap<string, Uint8Array>): Members | { refused: string } {
  const zip = [...files].find(([name]) => /\.zip$/i.test(name))?.[1];
  const found = [...(zip ? unpack(zip).files : files)];
  const ending = (end: string) => found.find(([name]) => name.toLowerCase().endsWith(end))?.[1];
  // Downloads may have been renamed, such as to "manifest (1).json"; a pack has other JSON too.
  const [manifest, signature] = zip
    ? [ending('manifest.json'), ending('manifest.sig')]
    : [ending('.json'), ending('.sig')];
  if (manifest && signature) return { manifest, signature };
  return {
    refused: zip
      ? 'It is not an evidence pack: manifest.json or manifest.sig is missing or damaged.'
      : 'Choose an evidence pack, or manifest.json and manifest.sig together.',
  };
}

const firstOf = ({ id, of }: Manifest['recording']): string => of ?? id;

function isRedaction({ by, reason, older, stretches }: NonNullable<Manifest['recording']['redaction']>) {
  const words = [by, reason, older?.id, older?.plain_sha256];
  const whole = ({ side, from_ms, until_ms }: Stretch) =>
    ['both', 'them', 'us'].includes(side) && Number.isFinite(from_ms) && Number.isFinite(until_ms);
  return (
    words.every((each) => typeof each === 'string') && Array.isArray(stretches) && stretches.every(whole)
  );
}
