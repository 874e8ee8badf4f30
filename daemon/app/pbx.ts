import type { TapedeckError } from '../domain/error.js';
import { because, becauseOf } from '../domain/reason/reason.js';
import type { Log } from '../ops/log.js';
import { readSecret } from '../ops/secrets/secret.js';
import { createStalls } from '../ops/stalls.js';
import { createAmi } from '../pbx/ami.js';
import { createAnswers } from '../pbx/answers.js';
import { createAri } from '../pbx/ari.js';
import { translateCdrEvent } from '../pbx/cdr.js';
import { createStamps } from '../pbx/stamps.js';
import { amiStamp, ariStamp, translateAmi, translateAri } from '../pbx/translate.js';
import type { Base, Parts, Pbx } from './parts.js';

/** A PBX that is not read for this long (ms) may close the connection. */
const LONG_STALL = 1_000;

/** Both links to the PBX: what comes over them is translated, put on our clock and handed on. */
export function createPbx({ config, log, clock }: Base, parts: Parts): Pbx {
  // CDRs tell times without a zone: that of this machine is the likeliest.
  const zones = [Intl.DateTimeFormat().resolvedOptions().timeZone, 'UTC', config.site.time_zone];
  const stalls = createStalls({ now: clock });
  /** A PBX that hears nothing of us closes the connection: who stood still is to blame. */
  const stoodStill = (since: number) => stalls.during(since, clock()).some((s) => s.to - s.from > LONG_STALL);

  const ari = createAri({
    url: config.pbxes[0]!.ari_url,
    user: config.pbxes[0]!.ari_user,
    password: readSecret(config.pbxes[0]!.ari_password_file, 'ari-password'),
    app: config.pbxes[0]!.app,
    now: clock,
    log: log.child({ part: 'ari' }),
    onEvent: (raw) => {
      const event = translateAri(raw, clock());
      if (event) stamps.hear(event, ariStamp(raw) !== null);
    },
    onUp: (listed) => {
      const { metrics, health } = parts.operations;
      metrics.connected('ari');
      log.info({ version: ari.status().version }, 'Connected to ARI');
      health.linkChanged();
      void parts.calls.link.up(listed);
    },
    onDown: (reason, lastHeardAt) => {
      const lostAt = lastHeardAt ?? clock();
      parts.calls.link.down(lostAt, stoodStill(lostAt) ? because('stood_still') : becauseOf(reason));
      complain(log, 'ARI', reason);
      parts.operations.health.linkChanged();
    },
  });
  const ami = createAmi({
    host: config.pbxes[0]!.ami_host,
    port: config.pbxes[0]!.ami_port,
    user: config.pbxes[0]!.ami_user,
    secret: readSecret(config.pbxes[0]!.ami_secret_file, 'ami-secret'),
    now: clock,
    log: log.child({ part: 'ami' }),
    onEvent: (raw) => {
      const event = translateAmi(raw, clock());
      if (event) stamps.hear(event, amiStamp(raw) !== null);
      const cdr = translateCdrEvent(raw, zones, stamps.theirs());
      if (cdr) parts.assurance.assure.hear(stamps.written(cdr));
    },
    onUp: () => {
      void parts.calls.listening.up();
      parts.operations.metrics.connected('ami');
      log.info('Connected to AMI');
      parts.operations.health.linkChanged();
    },
    onDown: (reason, lastHeardAt) => {
      parts.calls.listening.down(lastHeardAt ?? clock(), becauseOf(reason));
      complain(log, 'AMI', reason);
      parts.operations.health.linkChanged();
    },
  });
  const stamps = createStamps({
    now: clock,
    ask: ari.time,
    deliver: (event) => {
      parts.operations.health.heard();
      parts.operations.metrics.heard(event.kind);
      parts.calls.recorder.hear(event);
    },
  });
  const answers = createAnswers({
    variable: ari.variable,
    ours: stamps.ours,
    log: log.child({ part: 'ari' }),
  });
  return { ari, ami, answers, stamps, stalls, zones };
}

function complain(log: Log, link: string, reason: TapedeckError): void {
  log.error({ link, code: reason.code, hint: reason.hint }, reason.message);
}
