import { type Static, Type } from 'typebox';
import { canonical } from '../assurance/canonical.js';

/*
 * What lies at a backup target:
 *
 *     backups/<id>/manifest.json   the signed statement below; written last: without it there is no backup
 *     backups/<id>/<n>.age         a file of the appliance, encrypted to the key of this backup
 *     keys/<id>.age                that key, encrypted to the offline recipient; in another place where the site keeps keys apart
 *     backups/<id>/sealed.jsonl    which sealed files belong to it, one a line
 *     drills/<id>.json             the signed result of a restore drill of this backup
 *     sealed/<aa>/<sha256>         a sealed file as it is on the appliance, by its hash; backups share it
 *     lists/<sha256>.age           a list of erasures and holds, encrypted to the offline recipient
 *     lists/newest.json            its signed statement, renewed with every checkpoint of the audit log
 *     moves/                       what a move to another machine leaves (move.ts)
 */
export const backupsFolder = 'backups';
export const manifestObject = (id: string): string => `backups/${id}/manifest.json`;
export const fileObject = (id: string, n: number): string => `backups/${id}/${n}.age`;
export const sealedListObject = (id: string): string => `backups/${id}/sealed.jsonl`;
export const keysFolder = 'keys';
export const keyObject = (id: string): string => `keys/${id}.age`;
export const drillObject = (id: string): string => `drills/${id}.json`;
export const sealedFolder = 'sealed';
export const sealedObject = (sha256: string): string => `sealed/${sha256.slice(0, 2)}/${sha256}`;
/** The hash in the name of a sealed object; null for any other name. */
export const sealedHash = (object: string): string | null => {
  const sha256 = object.slice(object.lastIndexOf('/') + 1);
  return /^[0-9a-f]{64}$/.test(sha256) && object === sealedObject(sha256) ? sha256 : null;
};
export const listsFolder = 'lists';
export const listObject = (sha256: string): string => `lists/${sha256}.age`;
export const NEWEST_LIST = 'lists/newest.json';

const ID = '[0-9A-HJKMNP-TV-Z]{26}';
export const Id = Type.String({ pattern: `^${ID}$` });
const Text = Type.String({ maxLength: 2_000 });
/** ISO 8601 in UTC with milliseconds. */
export const Time = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' });
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' });
export const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
export const Log = Type.Object({ id: Text, size: Count, hash: Text });
export const Key = Type.Object({ id: Text, sha256: Hash });
export const closed = { additionalProperties: false };

/** Names of the files that a backup may hold: nothing else is ever restored. */
export const CATALOGUE = 'catalogue.db';
export const KEYS = 'keys.jsonl';
export const CONFIGURATION = 'tapedeck.toml';
const NAMES = `${CATALOGUE}|${KEYS}|${CONFIGURATION}|signing/(?:key|checkpoints|[0-9a-f]{16}\\.pem)|prompts/[0-9a-f]{64}\\.[a-z0-9]{1,10}`;
export const isBackupName = (name: string): boolean => new RegExp(`^(?:${NAMES})$`).test(name);

export const BackupFile = Type.Object(
  {
    name: Type.String({ pattern: `^(?:${NAMES})$` }),
    object: Type.String({ pattern: `^backups/${ID}/\\d{1,5}\\.age$` }),
    ...{ bytes: Count, sha256: Hash, plain_bytes: Count, plain_sha256: Hash },
  },
  closed,
);
export type BackupFile = Static<typeof BackupFile>;

/** The key of one backup, an age identity: its recipient, and where it lies, encrypted to the offline recipient. */
const BackupKey = Type.Object(
  {
    recipient: Text,
    apart: Type.Boolean(),
    object: Type.String({ pattern: `^keys/${ID}\\.age$` }),
    ...{ bytes: Count, sha256: Hash, plain_bytes: Count, plain_sha256: Hash },
  },
  closed,
);
export type BackupKey = Static<typeof BackupKey>;

/** What is signed of a backup. Every other object of it is bound to it by its hash. */
export const BackupStatement = Type.Object(
  {
    type: Type.Literal('tapedeck backup'),
    format: Type.Literal(1),
    id: Id,
    made_at: Time,
    site: Type.Object({ name: Text, time_zone: Text }),
    tool: Type.Object({ name: Text, version: Text }),
    /** The offline one. */
    recipient: Text,
    backup_key: BackupKey,
    audit: Log,
    counts: Type.Object({
      ...{ calls: Count, recordings: Count, erased: Count, matters: Count, certificates: Count },
      keys: Count,
    }),
    files: Type.Array(BackupFile, { maxItems: 20_000 }),
    sealed: Type.Object({
      object: Type.String({ pattern: `^backups/${ID}/sealed\\.jsonl$` }),
      ...{ bytes: Count, sha256: Hash, count: Count, total_bytes: Count },
      audio: Type.Boolean(),
      /** Recordings of the catalogue without a file here: damaged or lost, and erased while the backup was made. */
      ...{ missing: Count, erased: Count },
    }),
    key: Key,
  },
  closed,
);
export type BackupStatement = Static<typeof BackupStatement>;
export type BackupCounts = BackupStatement['counts'];

/** What is signed of a restore drill. `opened`: recordings that were decrypted and held what was recorded. */
export const DrillStatement = Type.Object(
  {
    type: Type.Literal('tapedeck restore drill'),
    format: Type.Literal(1),
    backup: Id,
    at: Time,
    site: Type.Object({ name: Text, time_zone: Text }),
    tool: Type.Object({ name: Text, version: Text }),
    ...{ objects: Count, bytes: Count, calls: Count, recordings: Count, keys: Count, opened: Count },
    faults: Type.Object({ count: Count, named: Type.Array(Text, { maxItems: 20 }) }),
    key: Key,
  },
  closed,
);
export type DrillStatement = Static<typeof DrillStatement>;

/** A sealed file that belongs to a backup. `file` is its place in the data directory. */
export const SealedLine = Type.Object(
  {
    file: Type.String({
      pattern: `^(?:recordings/\\d{4}/\\d{2}/\\d{2}/[0-9A-Za-z_-]{1,64}\\.opus\\.age|documents/${ID}\\.age)$`,
    }),
    ...{ bytes: Count, sha256: Hash },
  },
  closed,
);
export type SealedLine = Static<typeof SealedLine>;
export const isDocument = ({ file }: Pick<SealedLine, 'file'>): boolean => file.startsWith('documents/');

/** What is signed of a list of erasures and holds. */
export const ListStatement = Type.Object(
  {
    type: Type.Literal('tapedeck list of erasures and holds'),
    format: Type.Literal(1),
    at: Time,
    audit: Log,
    /** Its number, so that a restore of an older backup does not give it again. */
    last_certificate: Count,
    object: Type.String({ pattern: '^lists/[0-9a-f]{64}\\.age$' }),
    ...{ bytes: Count, sha256: Hash, plain_bytes: Count, plain_sha256: Hash },
    counts: Type.Object({ erased: Count, matters: Count, held: Count, consents: Count }),
    key: Key,
  },
  closed,
);
export type ListStatement = Static<typeof ListStatement>;
export type ListCounts = ListStatement['counts'];

const OrNull = Type.Union([Type.String(), Type.Null()]);
/** Times are ms since 1970. It names no party of a call; a matter has the words that it was opened with. */
const ListLineShape = {
  /** `why` as the row has it. */
  erased: Type.Object({ erased: Text, at: Count, why: OrNull }, closed),
  matter: Type.Object(
    {
      matter: Text,
      ...{ name: Text, reason: Text, query: OrNull },
      ...{ opened_by: Text, opened_at: Count },
    },
    closed,
  ),
  held: Type.Object(
    { held: Text, matter: Text, why: Type.Enum(['query', 'picked']), at: Count, by: Text },
    closed,
  ),
  /** A standing consent whose personal data was erased, or whose document. */
  consent: Type.Object(
    {
      consent: Count,
      ...{ at: Type.Union([Count, Type.Null()]), by: Text, why: Text },
      ...{ document_at: Type.Union([Count, Type.Null()]), document_by: Text },
    },
    closed,
  ),
};
/** A line of a list: a recording that is erased, an open matter, what it holds, or a standing consent that was erased. */
export const ListLine = Type.Union(Object.values(ListLineShape) as [typeof ListLineShape.erased]);
export type ListLines = { [K in keyof typeof ListLineShape]: Static<(typeof ListLineShape)[K]> };
export type ListLine = ListLines[keyof ListLines];

export const lineOf = (value: SealedLine | ListLine): string => `${canonical(value)}\n`;

/**
 * A signed statement is JSON in lines, so that sed and openssl verify it without Tapedeck:
 *
 *     {"statement":
 *     <the statement as canonical JSON: the bytes that are signed>
 *     ,"signature":"<Ed25519, base64>","public_key":"<PEM>"}
 */
export const signedText = (statement: string, signature: string, publicKey: string): string =>
  `{"statement":\n${statement}\n,"signature":${JSON.stringify(signature)},"public_key":${JSON.stringify(publicKey)}}\n`;

/** The parts of a signed text; null for a text that is not written like that. */
export function signedParts(
  text: string,
): { statement: string; signature: string; publicKey: string } | null {
  const [head, statement, tail, end, ...more] = text.split('\n');
  if (head !== '{"statement":' || !statement || !tail || end !== '' || more.length > 0) return null;
  try {
    const { signature, public_key: publicKey } = JSON.parse(`{"statement":0${tail}`);
    if (typeof signature !== 'string' || typeof publicKey !== 'string') return null;
    return signedText(statement, signature, publicKey) === text ? { statement, signature, publicKey } : null;
  } catch {
    return null;
  }
}

/** A backup at a target, as far as its statement says it. */
export type FoundBackup = { id: string; madeAt: number };

const DAY_MS = 86_400_000;
/** The backups that are no longer kept: those that are older than so many days, the newest one never. */
export function expired(found: readonly FoundBackup[], now: number, keepDays: number): string[] {
  const newest = found.reduce<FoundBackup | null>((a, b) => (a && a.madeAt >= b.madeAt ? a : b), null);
  return found
    .filter((one) => one.id !== newest?.id && one.madeAt < now - keepDays * DAY_MS)
    .map(({ id }) => id);
}

/**
 * The keys of backups that have to be destroyed: of those that are older than so many days and than the newest whole backup, whether
 * the backups are still there or not. Ids are ULIDs: they have the time in them, and its order.
 */
export const keysDue = (
  ids: readonly string[],
  { newest, now, keepDays }: { newest: string | null; now: number; keepDays: number },
): string[] =>
  newest === null ? [] : ids.filter((id) => id < newest && timeOf(id) < now - keepDays * DAY_MS);

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** The time in a ULID, ms since 1970. */
const timeOf = (id: string): number =>
  [...id.slice(0, 10)].reduce((time, letter) => time * 32 + CROCKFORD.indexOf(letter), 0);
