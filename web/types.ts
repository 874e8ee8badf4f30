import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { Session } from '../daemon/catalogue/catalogue.js';
import type { ErrorCode } from '../daemon/domain/error.js';

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
    /** Answers without a session. Every route that does not say so needs one. */
    public?: boolean;
    /** The error for a body that does not fit the schema, where it is not `request_invalid`. */
    invalid?: ErrorCode;
  }
  interface FastifyRequest {
    /** Who asks; null on public routes without a session. */
    session: Session | null;
  }
}
