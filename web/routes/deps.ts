import type { FastifyReply } from 'fastify';
import type { Catalogue } from '../../daemon/catalogue/catalogue.js';
import type { Keys } from '../../daemon/vault/keys.js';
import type { openSealed } from '../../daemon/vault/open.js';
import type { Passwords } from '../auth/passwords.js';
import type { Sessions } from '../auth/sessions.js';
import type { Setup } from '../auth/setup.js';
import type { Tries } from '../auth/tries.js';
import type { Control } from '../control.js';
import type { Live } from '../live.js';

/** What routes work with. */
export type RouteDeps = {
  catalogue: Catalogue;
  keys: Pick<Keys, 'identity'>;
  openSealed: typeof openSealed;
  control: Control;
  passwords: Passwords;
  sessions: Sessions;
  setup: Setup;
  tries: Tries;
  live: Live;
  cookie: { name: string; set(reply: FastifyReply, token: string): void; clear(reply: FastifyReply): void };
  dataDir: string;
  site: { name: string; timeZone: string };
  retention: { schedule: string; breakerPercent: number };
  version: string;
  now: () => number;
};
