import { anyCode } from '../domain/call/codes.js';
import type { TapedeckError } from '../domain/error.js';
import { because, becauseOf } from '../domain/reason/reason.js';
import { credentialOf } from '../ops/config-pbx.js';
import type { Log } from '../ops/log.js';
import { readSecret } from '../ops/secrets/secret.js';
import { createAmi } from '../pbx/ami.js';
import { createAnswers } from '../pbx/answers.js';
import { createAri } from '../pbx/ari.js';
import { CDR_EVENT, translateCdrEvent } from '../pbx/cdr.js';
import { createContexts } from '../pbx/contexts.js';
import { createStamps } from '../pbx/stamps.js';
import { createThrottle } from '../pbx/throttle.js';
import { ariStamp, translateAri } from '../pbx/translate.js';
import { amiStamp, isTold, translateAmi } from '../pbx/translate-ami.js';
import { readTrust } from '../pbx/trust.js';
import type { Base, Links, Parts, PbxBase } from './parts.js';

/** A PBX that is not read for this long (ms) may close the connection. */
const LONG_STALL = 1_000;

/** Both links to a PBX: what comes over them is translated, put on our clock and handed on. */
export function createLinks({ config, clock }: Base, parts: Parts, { section, log }: PbxBase): Links {
  const { id } = section;
  /** What these links are part of: whole before anything is heard. */
  const whole = () => parts.pbxes.find((one) => one.section === section)!;
  // CDRs tell times without a zone: that of this machine is the likeliest.
  const zones = [Intl.DateTimeFormat().resolvedOptions().timeZone, 'UTC', config.site.time_zone];
  /** A PBX that hears nothing of us closes the connection: who stood still is to blame. */
  const stoodStill = (since: number) =>
    parts.operations.stalls.during(since, clock()).some((s) => s.to - s.from > LONG_STALL);

  let keys = anyCode(config.codes) || config.masking.card_numbers;
  const ari = createAri({
    url: section.ari_url,
    user: section.ari_user,
    password: readSecret(section.ari_password_file, credentialOf('ari-password', section)),
    app: section.app,
    trust: readTrust(section.ari_ca_file, 'ari_ca_file'),
    throttle: createThrottle(section.fetch_mbit * 125_000),
    now: clock,
    digits: () => keys,
    log: log.child({ part: 'ari' }),
    onEvent: (raw) => {
      const event = translateAri(raw, clock());
      if (event) stamps.hear(event, ariStamp(raw) !== null);
    },
    onUp: (listed) => {
      const { metrics, health } = parts.operations;
      metrics.connected(id, 'ari');
      log.info({ event: 'pbx_connected', link: 'ari', version: ari.status().version }, 'Connected to ARI');
      health.linkChanged(id);
      void whole().calls.link.up(listed);
    },
    onDown: (reason, lastHeardAt) => {
      const lostAt = lastHeardAt ?? clock();
      whole().calls.link.down(lostAt, stoodStill(lostAt) ? because('stood_still') : becauseOf(reason));
      complain(log, 'ARI', reason);
      parts.operations.health.linkChanged(id);
    },
  });
  const ami = createAmi({
    host: section.ami_host,
    port: section.ami_port,
    tls: section.ami_tls ? readTrust(section.ami_ca_file, 'ami_ca_file') : null,
    user: section.ami_user,
    secret: readSecret(section.ami_secret_file, credentialOf('ami-secret', section)),
    now: clock,
    log: log.child({ part: 'ami' }),
    wanted: (name) => isTold(name) || name === CDR_EVENT,
    onEvent: (raw) => {
      const event = translateAmi(raw, clock());
      if (event) stamps.hear(event, amiStamp(raw) !== null);
      const cdr = translateCdrEvent(raw, zones, stamps.theirs());
      if (cdr) whole().assure.hear(stamps.written({ ...cdr, pbx: id }));
    },
    onUp: () => {
      void whole().calls.listening.up();
      parts.operations.metrics.connected(id, 'ami');
      log.info({ event: 'pbx_connected', link: 'ami' }, 'Connected to AMI');
      parts.operations.health.linkChanged(id);
    },
    onDown: (reason, lastHeardAt) => {
      whole().calls.listening.down(lastHeardAt ?? clock(), becauseOf(reason));
      complain(log, 'AMI', reason);
      parts.operations.health.linkChanged(id);
    },
  });
  const stamps = createStamps({
    now: clock,
    ask: ari.time,
    deliver: (event) => {
      parts.operations.health.heard(id);
      parts.operations.metrics.heard(id, event.kind);
      whole().calls.recorder.hear(event);
    },
  });
  const answers = createAnswers({
    variable: ari.variable,
    ours: stamps.ours,
    log: log.child({ part: 'ari' }),
  });
  const contexts = createContexts({ variable: ari.variable, log: log.child({ part: 'ari' }) });
  const hearKeys = () => {
    if (keys) return;
    keys = true;
    ari.filterAgain().catch((err) => log.error({ err }, 'The PBX does not tell which keys people press'));
  };
  return { ari, ami, answers, contexts, stamps, zones, hearKeys };
}

function complain(log: Log, link: string, reason: TapedeckError): void {
  log.error({ event: 'pbx_lost', link, code: reason.code, hint: reason.hint }, reason.message);
}
