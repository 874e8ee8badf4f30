import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ErrorCode } from '../../daemon/domain/error.js';
import type { Person } from '../../daemon/domain/people/person.js';
import type { CallId } from '../../daemon/domain/recording/recording.js';
import type { Audited } from '../audit/audit.js';
import type { Access } from '../auth/access.js';
import type { Session } from '../auth/sessions.js';

/** A Fastify instance whose routes take their types from their schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may ask. Every route says so: without it the server does not start. */
    access?: Access;
    /** Says the same to everybody: who asks is not looked up, so it answers while the catalogue cannot be read too. */
    anonymous?: boolean;
    /** May be used with an API token although it asks for no right but to be signed in. */
    tokens?: boolean;
    /** What it writes into the audit log, or why nothing; every route of the API says so. */
    audit?: Audited;
    /** May be opened by the pass of a test call instead of a session, for the call that `:id` names. */
    testCall?: boolean;
    /** The error for a body that does not fit the schema, where it is not `request_invalid`. */
    invalid?: ErrorCode;
  }
  interface FastifyRequest {
    /** Who asks; null on public routes without a session. */
    session: Session | null;
    /** The API token by which they ask; null for a session of their own. */
    token: { id: string; name: string } | null;
    /** The test call for which this request shows a pass, which the recorder has still to take. */
    testCall: { pass: string; call: CallId } | null;
    /** Whether somebody, as they are now, may still have what is being sent to them; null where the right to the route is all. */
    still: ((person: Person) => boolean | Promise<boolean>) | null;
    /** What was given as the reason for what is asked for; empty where none was needed. */
    reason: string;
  }
}
