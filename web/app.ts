import type { ServerOptions } from 'node:https';
import type { Catalogue } from '../daemon/catalogue/catalogue.js';
import type { Ldap } from '../daemon/directory/ldap.js';
import { fail } from '../daemon/domain/error.js';
import type { NamedPbx } from '../daemon/domain/place.js';
import type { Log } from '../daemon/ops/log.js';
import { repeatedly } from '../daemon/ops/turns.js';
import { createMasks } from '../daemon/vault/sound/masked.js';
import { accountRoutes } from './account/routes.js';
import { tokenRoutes } from './account/token-routes.js';
import { approvalRoutes } from './approvals/routes.js';
import { createAudit } from './audit/audit.js';
import { auditRoutes } from './audit/routes.js';
import { createCookie, createJourneyCookie } from './auth/cookie.js';
import { createDevices } from './auth/devices.js';
import { createDirectory } from './auth/directory.js';
import { createEnter } from './auth/enter.js';
import { guard } from './auth/guard.js';
import { createHosts } from './auth/hosts.js';
import { createPasswords, type PasswordVerbs } from './auth/passwords.js';
import { createSessions, type SessionLimits } from './auth/sessions.js';
import { createSetup, type Setup } from './auth/setup.js';
import { createSignIn } from './auth/sign-in.js';
import { createTokens } from './auth/tokens.js';
import { createTries } from './auth/tries.js';
import { audioRoutes } from './calls/audio-routes.js';
import { directingRoutes } from './calls/directing-routes.js';
import { earlierRoutes } from './calls/earlier-routes.js';
import { heardRoutes } from './calls/heard-routes.js';
import { listenRoutes } from './calls/listen-routes.js';
import { createListening } from './calls/listening.js';
import { manifestRoutes } from './calls/manifest-routes.js';
import { createPlaying, type PlayingPace } from './calls/playing.js';
import { createReached } from './calls/reached.js';
import { redactRoutes } from './calls/redact-routes.js';
import { callRoutes } from './calls/routes.js';
import { createSeen } from './calls/seen.js';
import { certificateRoutes } from './certificates/routes.js';
import { consentReportRoutes } from './consent/routes.js';
import { consentRoutes } from './consents/routes.js';
import { coverageRoutes } from './coverage/routes.js';
import type { RetentionSettings, RouteDeps, WithProvider } from './deps.js';
import { evidenceRoutes } from './evidence/routes.js';
import { verifierRoutes } from './evidence/verifier-routes.js';
import { healthRoutes } from './health/health-routes.js';
import { jobsRoutes } from './health/jobs-routes.js';
import { metricsRoutes } from './health/metrics-routes.js';
import { statusRoutes } from './health/status-routes.js';
import { upgradeRoutes } from './health/upgrade-routes.js';
import { holdReportRoutes } from './holds/report-routes.js';
import { holdRoutes } from './holds/routes.js';
import { numberListRoutes } from './lists/routes.js';
import { peopleRoutes } from './people/routes.js';
import { replayRoutes } from './policy/replay-routes.js';
import { policyRoutes } from './policy/routes.js';
import { versionRoutes } from './policy/version-routes.js';
import { qualityRoutes } from './quality/routes.js';
import { mailingRoutes } from './reports/mailing-routes.js';
import { organisationRoutes } from './reports/organisation-routes.js';
import { reportRoutes } from './reports/routes.js';
import { answerRoutes } from './requests/answer-routes.js';
import { requestRoutes } from './requests/routes.js';
import { requestSoundRoutes } from './requests/sound-routes.js';
import { retentionRoutes } from './retention/routes.js';
import type { Ask, AskStream } from './server/ask.js';
import { authorityRoutes } from './server/authority.js';
import type { Control } from './server/control.js';
import { describeRoutes, docsRoutes } from './server/docs.js';
import { helpRoutes } from './server/help.js';
import { createLive, type Pace } from './server/live.js';
import { liveRoutes } from './server/live-routes.js';
import { tellOfRefusals } from './server/refusals.js';
import { createSending } from './server/sending.js';
import { createServer, listRoutes, protect, type RouteEntry } from './server/server.js';
import type { App } from './server/types.js';
import { uiRoutes } from './server/ui.js';
import { factorRoutes } from './sign-in/factors-routes.js';
import { proofRoutes } from './sign-in/proofs-routes.js';
import { providerRoutes } from './sign-in/provider-routes.js';
import { sessionRoutes } from './sign-in/session-routes.js';
import { setupRoutes } from './sign-in/setup-routes.js';
import { welcomeRoutes } from './sign-in/welcome-routes.js';
import type { Store } from './store/store.js';
import { tellingRoutes } from './telling/routes.js';

export type Deps = {
  /** To read: the recorder alone writes it. */
  catalogue: Catalogue;
  /** What the dashboard alone keeps. */
  store: Store;
  /** The recorder, for everything else. */
  ask: Ask;
  askStream: AskStream;
  openSealed: RouteDeps['openSealed'];
  passwords: PasswordVerbs;
  /** Whose people may sign in too; null: there is none. */
  directory: { ldap: Pick<Ldap, 'find' | 'check'> } | null;
  provider: WithProvider | null;
  control: Control;
  dataDir: string;
  uiDir: string;
  /** Where `npm run docs` has built the documentation. */
  helpDir: string;
  site: { name: string; timeZone: string; region: string };
  /** Those that are set up, the first one first. */
  pbxes: readonly NamedPbx[];
  web: { address: string; hosts: readonly string[] };
  /** How long sessions last; half an hour and twelve when left out. */
  sessionLimits?: SessionLimits;
  /** How TLS is spoken, and the box's own authority in PEM form if that made the certificate; null: plain HTTP. */
  tls: { options: ServerOptions; authority: () => string | null } | null;
  retention: RetentionSettings;
  coverage: { targetPercent: number };
  /** Whether a mail server is set up. */
  mailOn: boolean;
  /** Who may read /metrics: these addresses, and whoever has the token if there is one. */
  metrics: { allow: readonly string[]; token: () => string | null };
  version: string;
  log: Log;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Memory is short while more of the heap than this is in use; a share of its limit by default. */
  mostHeapBytes?: number;
  live?: Partial<Pace>;
  playing?: Partial<PlayingPace>;
};

const SWEEP_MS = 600_000;
/** Whoever has left the directory is found out at the next look. */
const RECHECK_MS = 300_000;
const resources = [
  sessionRoutes,
  proofRoutes,
  providerRoutes,
  factorRoutes,
  setupRoutes,
  callRoutes,
  redactRoutes,
  earlierRoutes,
  audioRoutes,
  manifestRoutes,
  evidenceRoutes,
  directingRoutes,
  listenRoutes,
  heardRoutes,
  auditRoutes,
  liveRoutes,
  policyRoutes,
  versionRoutes,
  replayRoutes,
  numberListRoutes,
  consentRoutes,
  approvalRoutes,
  tellingRoutes,
  qualityRoutes,
  retentionRoutes,
  holdRoutes,
  holdReportRoutes,
  requestRoutes,
  requestSoundRoutes,
  answerRoutes,
  certificateRoutes,
  coverageRoutes,
  consentReportRoutes,
  reportRoutes,
  mailingRoutes,
  organisationRoutes,
  statusRoutes,
  jobsRoutes,
  healthRoutes,
  upgradeRoutes,
  peopleRoutes,
  accountRoutes,
  tokenRoutes,
  welcomeRoutes,
];

/** The dashboard's server, not yet listening; the set-up that its process begins; and every route that there is. */
export async function buildApp(deps: Deps): Promise<{ app: App; setup: Setup; routes: RouteEntry[] }> {
  const app = createServer(deps.log, deps.tls?.options);
  const routes = listRoutes(app);
  const audit = createAudit(deps);
  const seen = createSeen({ ...deps, audit });
  const playing = createPlaying({ ...deps, audit, pace: deps.playing });
  const sessions = createSessions({ ...deps, audit, limits: deps.sessionLimits });
  const tokens = createTokens(deps);
  const setup = createSetup(deps);
  const passwords = createPasswords(deps.passwords);
  const live = createLive({ ...deps, sessions, pace: deps.live });
  const sending = createSending({ ...deps, sessions, tokens, pace: deps.live });
  const secure = deps.tls !== null;
  const cookie = createCookie({ secure });
  const devices = createDevices({ ...deps, secure });
  const directory = deps.directory && createDirectory({ ...deps, ...deps.directory });
  const routeDeps: RouteDeps = {
    ...deps,
    reached: createReached(deps),
    listening: createListening(deps),
    masks: createMasks(),
    sessions,
    tokens,
    setup,
    passwords,
    live,
    sending,
    audit,
    playing,
    seen,
    cookie,
    journeyCookie: createJourneyCookie({ secure }),
    signIn: createSignIn({ ...deps, passwords, directory }),
    enter: createEnter({ ...deps, sessions, live, sending, cookie, devices, audit }),
    tries: createTries(deps),
    devices,
  };

  await protect(app, secure, deps.mostHeapBytes);
  guard(app, { hosts: createHosts(deps.web), sessions, tokens, cookie });
  sending.watch(app);
  tellOfRefusals(app, audit);
  await describeRoutes(app, deps.version);
  await app.register(
    async (api: App) => {
      for (const register of resources) register(api, routeDeps);
    },
    { prefix: '/api/v1' },
  );
  docsRoutes(app);
  metricsRoutes(app, routeDeps);
  verifierRoutes(app);
  authorityRoutes(app, { authority: () => deps.tls?.authority() ?? null });
  app.all(
    '/api/*',
    { config: { access: 'signed_in', audit: { nothing: 'there is nothing' } }, schema: { hide: true } },
    async () => {
      throw fail('not_found');
    },
  );
  await uiRoutes(app, deps.uiDir);
  await helpRoutes(app, deps.helpDir);

  const sweeping = repeatedly(
    SWEEP_MS,
    async () => void (await sessions.sweep()),
    (err) => deps.log.warn({ err }, 'old sessions stay'),
  );
  const rechecking =
    directory &&
    repeatedly(RECHECK_MS, directory.recheck, (err) =>
      deps.log.error({ err }, 'the directory was not asked'),
    );
  app.addHook('onReady', async () => {
    // Not awaited: on a busy machine it takes longer than fastify waits for a hook, and that would end the dashboard.
    void passwords.warm().catch((err) => deps.log.warn({ err }, 'No password could be hashed at the start'));
    live.start();
    sending.start();
    playing.start();
    audit.note(audit.own('start', { detail: { process: 'dashboard', version: deps.version } }));
    sweeping.start();
    rechecking?.start();
  });
  app.addHook('preClose', async () => {
    live.stop();
    void rechecking?.stop(); // a directory that does not answer keeps nobody waiting
    await Promise.all([sweeping.stop(), sending.stop()]);
  });
  // After the last answer: what was heard until now.
  app.addHook('onClose', async () => {
    seen.stop();
    playing.stop();
    audit.note(audit.own('stop', { detail: { process: 'dashboard', version: deps.version } }));
    await audit.stop();
  });
  return { app, setup, routes };
}
