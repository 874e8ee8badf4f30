import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { type ErrorCode, fail, TapedeckError } from '../../domain/error.js';
import { hushPackages } from '../../ops/process/package-notices.js';
import { readSecret } from '../../ops/secrets/secret.js';
import { bufferedFile } from './buffered.js';
import { checkName, DELAYS_MS, persistently, watched } from './remote.js';
import type { BackupTarget } from './target.js';

/** An S3-compatible store, as [backup] s3 has it. */
export type S3Place = {
  endpoint: string;
  region: string;
  bucket: string;
  prefix: string;
  access_key_id: string;
  secret_key_file: string;
  ca_file: string;
};
/** The name of the systemd credential that has the secret access key. */
export const S3_CREDENTIAL = 'backup-s3-key';

/** Bytes. A store takes 10,000 parts of an object: 80 GB. */
const PART = 8 * 1024 * 1024;
const BLOCK = 4 * 1024 * 1024;
const CONNECT_MS = 10_000;
/** A server that sends nothing for so long is counted as gone. */
const SILENT_MS = 60_000;
const DAY_MS = 86_400_000;

type Thrown = {
  name?: string;
  message?: string;
  code?: string;
  Code?: string;
  $metadata?: { httpStatusCode?: number };
};
const FULL = /StorageFull|QuotaExceeded|InsufficientStorage|EntityTooLarge.*Quota|NoSpace/i;
const CLOCK = /RequestTimeTooSkewed|RequestExpired/;
const DENIED =
  /AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|Forbidden|AllAccessDisabled|AccountProblem/;
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME/;

const nameOf = (e: Thrown): string => e.Code ?? e.code ?? e.name ?? '';
const statusOf = (e: Thrown): number => e.$metadata?.httpStatusCode ?? 0;

/**
 * Backups in a bucket of an S3-compatible store. An object is there whole or not at all: the store puts its parts together when the
 * last one has arrived.
 */
export function createS3Target(place: S3Place, delaysMs: readonly number[] = DELAYS_MS): BackupTarget {
  const secretAccessKey = readSecret(place.secret_key_file, S3_CREDENTIAL); // before root's rights are given up
  const { bucket, endpoint, prefix } = place;
  const name = [endpoint.replace(/\/+$/, ''), bucket, prefix].filter(Boolean).join('/');
  const root = prefix === '' ? '' : `${prefix}/`;
  const Bucket = bucket;
  let begun: Promise<{ client: S3Client; s3: typeof import('@aws-sdk/client-s3') }> | null = null;

  let tidied: Promise<void> | null = null;

  /** The package is loaded when the first backup goes to such a store, and by nobody else. */
  function connection() {
    hushPackages();
    begun ??= import('@aws-sdk/client-s3').then((s3) => ({
      s3,
      client: clientOf(place, secretAccessKey, s3),
    }));
    return begun;
  }

  const keyOf = (object: string): string => {
    checkName(object);
    return root + object;
  };

  /** An error of the store as ours. */
  function told(e: unknown): unknown {
    if (e instanceof TapedeckError) return e;
    const thrown = e as Thrown;
    const [code, status] = [nameOf(thrown), statusOf(thrown)];
    const ours = ((): ErrorCode => {
      if (CLOCK.test(code)) return 'backup_clock';
      if (FULL.test(code) || status === 507) return 'backup_full';
      if (DENIED.test(code) || status === 401 || status === 403) return 'backup_denied';
      if (status === 0 || status >= 500 || status === 429) return 'backup_unreachable';
      return 'backup_target';
    })();
    const advice = CERTIFICATE.test(code)
      ? ' Its certificate was not accepted: set ca_file to the certificate of its authority, and endpoint to a name in it.'
      : '';
    const said = [code, thrown.message].filter((one, i, all) => one && all.indexOf(one) === i).join(': ');
    return fail(ours, `${name}: ${said.slice(0, 300)}.${advice}`, e);
  }

  async function headOf(object: string): Promise<{ bytes: number; tag: string | undefined } | null> {
    const { client, s3 } = await connection();
    try {
      const { ContentLength, ETag } = await client.send(
        new s3.HeadObjectCommand({ Bucket, Key: keyOf(object) }),
      );
      return { bytes: ContentLength ?? 0, tag: ETag };
    } catch (e) {
      if (statusOf(e as Thrown) === 404) return null;
      throw told(e);
    }
  }

  return {
    name,

    async ready() {
      const { client, s3 } = await connection();
      const command = new s3.ListObjectsV2Command({ Bucket, Prefix: root, MaxKeys: 1 });
      await persistently(() => client.send(command).catch((e) => Promise.reject(told(e))), delaysMs);
    },

    async put(object, source) {
      const { client, s3 } = await connection();
      tidied ??= abortOldUploads(await connection(), Bucket, root).catch(() => {}); // not every store can, or allows it
      await tidied;
      const { Upload } = await import('@aws-sdk/lib-storage');
      const read = watched(source);
      const upload = new Upload({
        client,
        params: { Bucket, Key: keyOf(object), Body: Readable.from(read.read()) },
        // Not false: an error while they are removed would be thrown in place of the one that matters.
        ...{ partSize: PART, queueSize: 2, leavePartsOnError: true },
      });
      await upload.done().catch(async (e) => {
        const { uploadId: UploadId } = upload;
        if (UploadId)
          await client
            .send(new s3.AbortMultipartUploadCommand({ Bucket, Key: keyOf(object), UploadId }))
            .catch(() => {});
        throw read.errorOr(() => told(e));
      });
      return read.bytes();
    },

    async open(object) {
      const found = await headOf(object);
      if (!found) throw fail('backup_damaged', `${object} is missing.`);
      const { client, s3 } = await connection();
      async function fetch(at: number, bytes: number): Promise<Buffer> {
        const command = new s3.GetObjectCommand({
          ...{ Bucket, Key: keyOf(object), IfMatch: found!.tag },
          Range: `bytes=${at}-${at + bytes - 1}`,
        });
        try {
          const { Body } = await client.send(command);
          const got = Buffer.from(await Body!.transformToByteArray());
          if (got.length !== bytes)
            throw fail('backup_unreachable', `${name} sent ${got.length} of ${bytes} bytes.`);
          return got;
        } catch (e) {
          if ([404, 412, 416].includes(statusOf(e as Thrown)))
            throw fail('backup_damaged', `${object} was changed while it was read.`, e);
          throw told(e);
        }
      }
      return bufferedFile({
        ...{ size: found.bytes, block: BLOCK, close: async () => {} },
        fetch: (at, bytes) => persistently(() => fetch(at, bytes), delaysMs),
      });
    },

    size: async (object) => (await headOf(object))?.bytes ?? null,

    async *list(folder) {
      checkName(folder);
      const { client, s3 } = await connection();
      for (let token: string | undefined; ; ) {
        const page = await client
          .send(
            new s3.ListObjectsV2Command({
              ...{ Bucket, Prefix: `${root}${folder}/`, ...(token ? { ContinuationToken: token } : {}) },
            }),
          )
          .catch((e) => Promise.reject(told(e)));
        for (const { Key, Size } of page.Contents ?? [])
          if (Key?.startsWith(root)) yield { name: Key.slice(root.length), bytes: Size ?? null };
        const next = page.IsTruncated ? page.NextContinuationToken : undefined;
        if (!next) return;
        if (next === token) throw fail('backup_target', `${name} repeats a page of its listing.`);
        token = next;
      }
    },

    async remove(object) {
      const { client, s3 } = await connection();
      await client.send(new s3.DeleteObjectCommand({ Bucket, Key: keyOf(object) })).catch((e: Thrown) => {
        const code = nameOf(e);
        if (/AccessDenied|ObjectLock|Retention|MethodNotAllowed|InvalidRequest|ObjectHeld/i.test(code))
          throw fail('backup_locked', `${name}/${object}: ${code}.`, e);
        throw told(e);
      });
    },

    async close() {
      const last = begun;
      begun = null;
      await last?.then(({ client }) => client.destroy()).catch(() => {});
    },
  };
}

function clientOf(
  place: S3Place,
  secretAccessKey: string,
  { S3Client }: typeof import('@aws-sdk/client-s3'),
): S3Client {
  const { endpoint, region, access_key_id: accessKeyId, ca_file: ca } = place;
  return new S3Client({
    ...{ endpoint, region, forcePathStyle: true, maxAttempts: 4 },
    credentials: { accessKeyId, secretAccessKey },
    // Stores other than Amazon's may not know the checksums that the SDK adds by itself; each object has its SHA-256 in what is signed.
    ...{ requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' },
    requestHandler: {
      ...{ connectionTimeout: CONNECT_MS, socketTimeout: SILENT_MS },
      ...(ca === '' ? {} : { httpsAgent: { ca: caOf(ca) } }),
    },
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  });
}

function caOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (e) {
    throw fail('backup_target', `ca_file: ${(e as Error).message}.`, e);
  }
}

/** Gives up uploads that were cut short days ago, of which the store keeps the parts for ever otherwise. */
async function abortOldUploads(
  { client, s3 }: { client: S3Client; s3: typeof import('@aws-sdk/client-s3') },
  Bucket: string,
  Prefix: string,
): Promise<void> {
  const { Uploads } = await client.send(new s3.ListMultipartUploadsCommand({ Bucket, Prefix }));
  for (const { Key, UploadId, Initiated } of Uploads ?? [])
    if (Key?.startsWith(Prefix) && Initiated && Date.now() - Initiated.getTime() > DAY_MS)
      await client.send(new s3.AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
}
