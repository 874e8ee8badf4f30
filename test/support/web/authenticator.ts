import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const UP = 0x01;
const UV = 0x04;
const AT = 0x40;

/** Just enough of CBOR (RFC 8949): small numbers, bytes, text and maps. */
function cbor(value: unknown): Buffer {
  const head = (major: number, n: number) =>
    n < 24
      ? Buffer.of((major << 5) | n)
      : n < 256
        ? Buffer.of((major << 5) | 24, n)
        : Buffer.of((major << 5) | 25, n >> 8, n & 255);
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string')
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (value instanceof Map)
    return Buffer.concat([head(5, value.size), ...[...value].flatMap(([k, v]) => [cbor(k), cbor(v)])]);
  throw new Error('not needed so far');
}
const sha = (data: Buffer | string) => createHash('sha256').update(data).digest();
const b64 = (data: Buffer) => data.toString('base64url');

type Told = { host: string; origin: string; verified?: boolean; counter?: number };

/** An authenticator in a few lines, to give the answers that no real one would. */
export function createAuthenticator() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const id = randomBytes(16);
  const jwk = publicKey.export({ format: 'jwk' });
  const bytes = (part: string | undefined) => Buffer.from(part ?? '', 'base64url');
  const cose = cbor(
    new Map<number, unknown>([
      ...([[1, 2] as const, [3, -7] as const, [-1, 1] as const] as [number, unknown][]),
      ...([[-2, bytes(jwk.x)] as const, [-3, bytes(jwk.y)] as const] as [number, unknown][]),
    ]),
  );
  const dataOf = ({ host, verified = true, counter = 0 }: Told, more: Buffer) => {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    const flags = UP | (verified ? UV : 0) | (more.length > 0 ? AT : 0);
    return Buffer.concat([sha(host), Buffer.of(flags), count, more]);
  };
  const client = (type: string, challenge: string, { origin }: Told) =>
    Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  const common = { id: b64(id), rawId: b64(id), type: 'public-key', clientExtensionResults: {} };

  return {
    id: b64(id),
    publicKey: cose,
    make(challenge: string, told: Told) {
      const attested = Buffer.concat([Buffer.alloc(16), Buffer.of(0, id.length), id, cose]);
      const object = new Map<string, unknown>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', dataOf(told, attested)],
      ]);
      return {
        ...common,
        response: {
          clientDataJSON: b64(client('webauthn.create', challenge, told)),
          attestationObject: b64(cbor(object)),
          transports: ['internal'],
        },
      };
    },
    sign(challenge: string, told: Told, userId?: string) {
      const clientData = client('webauthn.get', challenge, told);
      const authenticatorData = dataOf(told, Buffer.alloc(0));
      const signature = sign('sha256', Buffer.concat([authenticatorData, sha(clientData)]), privateKey);
      return {
        ...common,
        response: {
          clientDataJSON: b64(clientData),
          authenticatorData: b64(authenticatorData),
          signature: b64(signature),
          ...(userId !== undefined && { userHandle: b64(Buffer.from(userId)) }),
        },
      };
    },
  };
}
