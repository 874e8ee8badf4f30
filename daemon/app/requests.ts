import { ulid } from 'ulid';
import { putOnRecord } from '../catalogue/entries.js';
import { findCalls } from '../catalogue/privacy/find-calls.js';
import { dates, startOfDay } from '../domain/days.js';
import { fail } from '../domain/error.js';
import { controlSocket, ownerSocket } from '../domain/paths.js';
import { FIRST } from '../domain/pbx.js';
import { signedReport } from '../domain/report/signed.js';
import { reasonFrom } from '../domain/typed.js';
import { ffmpegOf } from '../encode/chosen.js';
import { createPromptMaker } from '../encode/prompt.js';
import { createReportPost, dashboardUrl } from '../notify/channels.js';
import { reportMailText } from '../notify/report-mail.js';
import { createControl } from '../operations/control.js';
import { createMailings } from '../operations/mailings.js';
import { siteRegion } from '../ops/config.js';
import { coreLimit } from '../ops/process/core-dumps.js';
import { version } from '../ops/process/version.js';
import * as passwords from '../ops/secrets/password.js';
import { createRequests as createHandlers } from '../requests/requests.js';
import { createFactorSecrets } from '../vault/factor-secrets.js';
import { createPromptFiles } from '../vault/prompts.js';
import { fingerprint, publicKeys } from '../vault/signing-key.js';
import { createDocuments } from '../vault/store/documents.js';
import type { Base, Parts, Requests } from './parts.js';
import { processingFacts } from './processing-facts.js';

/** A file of more bytes is not sent: many mail servers take no more. */
const MOST_MAILED = 10_000_000;

const CONSOLE = { actor: 'console', actor_id: '', address: '' } as const;

/** What the dashboard and the command line can ask, and the sockets over which they do. */
export function createRequests({ config, log, clock, dir }: Base, parts: Parts): Requests {
  const {
    data: { catalogue, keys, lists, standing, master },
    alarming: { alert, deliver, away },
    recordings: { custody, holding, redactor, registering, retain, scrub },
    pbxes,
    assurance: { checkpoints, doubts },
    operations: { deadlines, health, jobs, metrics, passes },
    backups,
  } = parts;
  const zone = config.site.time_zone;
  const post = createReportPost(config);
  const url = `${dashboardUrl(config)}/reports`;
  const mailings = createMailings({
    ...{ catalogue, post, zone, alarms: alert, clock, log: log.child({ part: 'mailings' }) },
    record: (entry) => putOnRecord(catalogue, entry),
    text: ({ report, ...mail }) =>
      reportMailText({
        ...{ ...mail, site: config.site.name, timeZone: zone, reportsUrl: url },
        url: `${url}?${new URLSearchParams({ report, from: mail.from, to: mail.to })}`,
      }),
    async make({ report, setBy }, days, gone) {
      const found = await toMail(report, days, { setBy: setBy.name, most: MOST_MAILED }, gone);
      if (!found) return null;
      const { name, file, made } = found;
      const key = publicKeys(dir).get(made.keyId);
      if (key === undefined) throw fail('signing_key_missing', `The public key ${made.keyId} is not there.`);
      return { entry: made.entry, name, file, signature: signedReport(made, key) };
    },
  });
  const prompts = createPromptMaker({ ffmpeg: ffmpegOf(config.encode) });
  const { handlers, streams, stop, toMail } = createHandlers({
    ...{
      catalogue,
      callsAsked: (asked) => findCalls(catalogue, catalogue.calls.list, asked),
      lists,
      standing,
      passwords,
      passes,
      redactor,
      holding,
      retain,
      deadlines,
      jobs,
      mailings,
      mailOn: post !== null,
      facts: processingFacts(config),
      alarms: alert,
      dataDir: dir,
      clock,
      mint: ulid,
      coolOffMs: config.holds.release_cool_off_hours * 3_600_000,
      passkeysFor: config.approvals.passkeys_only ? config.web.hosts.map((host) => host.toLowerCase()) : null,
    },
    factorSecrets: createFactorSecrets(() => master),
    async direct(pbx, call, said) {
      const on = pbxes.find(({ section }) => section.id === pbx);
      if (!on) throw fail('call_over');
      await on.calls.recorder.direct(call, said);
    },
    rules: { ldap: config.ldap.roles ?? [], oidc: config.oidc.roles ?? [] },
    eraseVersion: retain.erase,
    makePrompt: prompts.make,
    speakPrompt: prompts.speak,
    keepPrompt: createPromptFiles(dir).keep,
    documents: createDocuments({ dataDir: dir, keys, recovery: config.keys.recovery_recipient }),
    identity: keys.identity,
    registered: registering.registered,
    archive: config.archive.directory,
    examine: scrub.examine,
    signer: () => custody.signer().keyId,
    sign: checkpoints.sign,
    async textSigner() {
      await doubts.beforeSigning();
      // A report or an answer tells of what the audit log has, and names what its chain comes to.
      await checkpoints.follow((await catalogue.audit.head()).size);
      const { keyId, publicKeyPem, sign } = custody.signer();
      return {
        ...{ keyId, sha256: fingerprint(publicKeyPem), publicKey: publicKeyPem },
        sign: (text) => sign(Buffer.from(text)).toString('base64'),
      };
    },
    site: { name: config.site.name, timeZone: zone, region: siteRegion(config) },
    version: version(),
  });
  const control = createControl({
    socket: controlSocket(dir),
    ownerSocket: ownerSocket(dir),
    log,
    streams,
    handlers: {
      ...handlers,
      status: health.status,
      metrics: async () =>
        metrics.text(
          await health.status(),
          await catalogue.calls.coverageSince(startOfDay(dates(zone)(clock()), zone)),
        ),
      test_alerts: () => deliver.test({ id: ulid(), kind: 'test', at: clock(), alarms: [] }),
      run_test_call: ({ pbx = FIRST }) => {
        const asked = pbxes.find(({ section }) => section.id === pbx);
        if (!asked) throw fail('pbx_unknown', `"${pbx}"`);
        return asked.calls.testCalls.run();
      },
      checkpoints: () => ({
        key: { id: custody.signer().keyId, pem: custody.signer().publicKeyPem },
        targets: away.status(),
      }),
      sign_checkpoint: checkpoints.sign,
      accept_log: async ({ by, reason: typed }) => {
        const reason = reasonFrom(typed, 300);
        if (reason === '') throw fail('request_invalid', 'reason: say why this is correct');
        return checkpoints.accept({ ...CONSOLE, actor_name: by }, reason);
      },
      back_up: ({ by, what }) => backups.begin(what, by),
      core_limit: () => ({ limit: coreLimit() }),
    },
  });
  return {
    start: control.start,
    mailings,
    async stop() {
      await mailings.stop();
      stop();
      await control.stop();
    },
  };
}
