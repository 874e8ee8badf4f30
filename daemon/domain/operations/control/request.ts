import { type Static, type TObject, type TSchema, Type } from 'typebox';
import type { ActKind } from '../../people/act.js';

/** What can be asked of the recorder, and its answer. Durations are in ms. */
export type Request<B extends TSchema = TSchema, A extends TSchema = TSchema> = {
  method: 'GET' | 'POST';
  path: string;
  /** `owner`: only over the socket that nobody but the recorder's own user can open, which answers all others too. */
  socket: 'shared' | 'owner';
  body: B;
  answer: A;
  /** How long the client waits for the answer. */
  timeoutMs: number;
  /** How long the body may be that the recorder reads. */
  maxBytes: number;
  /** Of what kind the act is where it needs a proof, and the one thing that it is about. */
  proof: Needed<B> | null;
};
/** `object`: as an `Act` has it, '' where the act is about no one thing. */
type Needed<B extends TSchema> = { kind: ActKind; object(body: Static<B>): string };

/**
 * A request whose answer is a stream of bytes. `head` is what is known of it before its first byte; what goes wrong until then is
 * answered as an error, and what goes wrong later breaks the stream off.
 */
export type StreamRequest<B extends TSchema = TSchema, H extends TSchema = TSchema> = {
  path: string;
  body: B;
  head: H;
  /** Its media type. */
  type: string;
  /** How long the client waits for the head. */
  timeoutMs: number;
};

const SOON_MS = 5_000;
const MAX_BYTES = 65_536;

export const Text = (maxLength: number, minLength = 0) => Type.String({ minLength, maxLength });
export const NOTHING = Type.Object({});
export const Id = Text(100, 1);
/** Milliseconds since 1970. */
export const Moment = Type.Integer({ minimum: 0, maximum: 253_402_300_799_999 });

export const get = <A extends TSchema>(path: string, answer: A): Request<typeof NOTHING, A> => ({
  ...{ method: 'GET', path, socket: 'shared', body: NOTHING, answer },
  ...{ timeoutMs: SOON_MS, maxBytes: MAX_BYTES, proof: null },
});
export const post = <B extends TSchema, A extends TSchema>(
  path: string,
  body: B,
  answer: A,
  {
    timeoutMs = SOON_MS,
    maxBytes = MAX_BYTES,
    socket = 'shared',
    proof = null,
  }: Partial<Pick<Request<B>, 'timeoutMs' | 'maxBytes' | 'socket' | 'proof'>> = {},
): Request<B, A> => ({ method: 'POST', path, socket, body, answer, timeoutMs, maxBytes, proof });
/** The same for what needs a proof, of an act of this kind. */
export const proved = <B extends TSchema, A extends TSchema>(
  kind: ActKind,
  path: string,
  body: B,
  answer: A,
  {
    object = () => '',
    ...more
  }: { object?(body: Static<B>): string } & Parameters<typeof post<B, A>>[3] = {},
): Request<B, A> & { proof: Needed<B> } => {
  const proof = { kind, object };
  return { ...post(path, body, answer, more), proof };
};

const closed = <P extends Record<string, TSchema>>(properties: P): TObject<P> =>
  Type.Object(properties, { additionalProperties: false });

/**
 * For whom something is asked. Somebody in a session of the dashboard; `token`: the id of the API token of theirs by which they
 * came. That it is they who ask is the dashboard's word, so what must not rest on that needs a proof besides (`proved`).
 */
export const Signed = closed({
  person: Id,
  session: Id,
  address: Text(80),
  token: Type.Optional(Id),
});
export type Signed = Static<typeof Signed>;

/** The command line on the box: over the owner's socket only. */
export const Console = closed({ console: Text(80, 1) });

/** Either. */
export const By = Type.Union([Signed, Console]);
export type By = Static<typeof By>;
