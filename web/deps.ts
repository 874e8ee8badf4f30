import type { Catalogue, Verb, Verbs } from '../daemon/catalogue/catalogue.js';
import type { Provider } from '../daemon/directory/oidc.js';
import type { Site } from '../daemon/domain/days.js';
import type { NamedPbx } from '../daemon/domain/place.js';
import type { OpenSealed } from '../daemon/vault/open.js';
import type { Masks } from '../daemon/vault/sound/masked.js';
import type { Place } from '../daemon/vault/store/store.js';
import type { Audit } from './audit/audit.js';
import type { Cookie, JourneyCookie } from './auth/cookie.js';
import type { Devices } from './auth/devices.js';
import type { Enter } from './auth/enter.js';
import type { Passwords } from './auth/passwords.js';
import type { Sessions } from './auth/sessions.js';
import type { Setup } from './auth/setup.js';
import type { SignIn } from './auth/sign-in.js';
import type { Tokens } from './auth/tokens.js';
import type { Tries } from './auth/tries.js';
import type { Listening } from './calls/listening.js';
import type { Playing } from './calls/playing.js';
import type { Reached } from './calls/reached.js';
import type { Seen } from './calls/seen.js';
import type { Ask, AskStream } from './server/ask.js';
import type { Control } from './server/control.js';
import type { Live } from './server/live.js';
import type { Sending } from './server/sending.js';

/** An OpenID provider, and what its button says. */
export type WithProvider = {
  oidc: Pick<Provider, 'begin' | 'end'>;
  name: string;
};

/** What routes work with. */
export type RouteDeps = {
  /** Calls are asked for by way of `reached` alone. */
  catalogue: Catalogue;
  reached: Reached;
  listening: Listening;
  masks: Masks;
  /** Opens a recording with its identity. */
  openSealed: (place: Place, identity: string) => Promise<OpenSealed>;
  /** Asks the recorder, which alone has keys and writes. */
  ask: Ask;
  askStream: AskStream;
  control: Control;
  passwords: Passwords;
  sessions: Sessions;
  tokens: Tokens;
  setup: Setup;
  tries: Tries;
  devices: Devices;
  live: Live;
  sending: Sending;
  /** What was looked at is told by it. */
  audit: Audit;
  playing: Playing;
  seen: Seen;
  cookie: Cookie;
  journeyCookie: JourneyCookie;
  signIn: SignIn;
  enter: Enter;
  provider: WithProvider | null;
  dataDir: string;
  site: Site & { name: string };
  pbxes: readonly NamedPbx[];
  retention: RetentionSettings;
  coverage: { targetPercent: number };
  /** Whether a mail server is set up. */
  mailOn: boolean;
  metrics: { allow: readonly string[]; token: () => string | null };
  version: string;
  now: () => number;
};

/** How recordings are erased, and where they lie, as tapedeck.toml says. `archiveAfterDays`: null without an archive. */
export type RetentionSettings = {
  schedule: string;
  breakerPercent: number;
  breakerCount: number;
  whenFull: readonly ('archive' | 'erase')[];
  archiveAfterDays: number | null;
};

/** What tells of calls: only `reached` asks the catalogue for these, and says who may see what. */
type OfCalls =
  | 'calls.get'
  | 'calls.list'
  | 'calls.open'
  | 'recordings.get'
  | 'recordings.peaks'
  | 'segments.of'
  | 'ledger.row'
  | 'holds.unrecorded';

/** What some routes need: these services, and these verbs of the catalogue, none of which tells of calls. */
export type Needs<
  S extends Exclude<keyof RouteDeps, 'catalogue'>,
  V extends Exclude<Verb, OfCalls> = never,
> = Pick<RouteDeps, S> & { catalogue: Verbs<V> };
