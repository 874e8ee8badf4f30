import { fail } from '../domain/error.js';
import type { ControlName, StreamName } from '../domain/operations/control.js';
import { createBuckets, type Limit } from '../ops/buckets.js';
import type { Log } from '../ops/log.js';

/**
 * How often something may be asked over the shared socket, which the dashboard has. Over it, the request is answered with `too_many` and
 * nothing is written; whether somebody may ask at all is checked where it is done.
 */
type Quota = {
  /** For the person in whose name it is asked; null where that is nobody. */
  each: Limit | null;
  /** For all together; null where that would let a stranger keep out everybody else. */
  all: Limit | null;
};

/** What people do at their desks: the quickest do some hundred an hour. */
const WORK: Quota = {
  each: { burst: 300, hourly: 1_200 },
  all: { burst: 1_500, hourly: 6_000 },
};
/** What is looked up before something is done. It writes nothing. */
const LOOK: Quota = {
  each: { burst: 1_000, hourly: 12_000 },
  all: { burst: 4_000, hourly: 60_000 },
};
/** Calls are directed by programs as well: twice for each payment by card, in an office of two hundred. */
const CALLS: Quota = {
  each: { burst: 1_000, hourly: 20_000 },
  all: { burst: 2_000, hourly: 40_000 },
};
/** What has the recorder work for long, or sends something. */
const LONG: Quota = { each: { burst: 60, hourly: 240 }, all: { burst: 300, hourly: 1_200 } };
/** What is somebody's own: their password, their second factors. */
const OWN: Quota = { each: { burst: 60, hourly: 120 }, all: { burst: 1_500, hourly: 6_000 } };
/** What shows who somebody is. Strangers can ask for it: each person has their own limit, and nobody is kept out by another's. */
const SHOWN: Quota = { each: { burst: 300, hourly: 1_200 }, all: null };
/** What the dashboard notices, or is told by somebody else than a person here. */
const NOTICED: Quota = { each: null, all: { burst: 1_000, hourly: 6_000 } };

/** Every request that the shared socket answers and that may write; one without its line here ends the recorder at its start. */
export const QUOTAS: Partial<Record<ControlName | StreamName, Quota | null>> = {
  ...{ approvals: LOOK, redacted_versions: LOOK, earlier_versions: LOOK },
  ...{ approve: WORK, withdraw_approval: WORK },
  ...{ add_person: WORK, change_person: WORK, remove_person: WORK, invite_person: WORK, shut_out: WORK },
  ...{ make_token: WORK, remove_token: WORK, set_factor_roles: WORK },
  ...{ change_password: OWN, begin_passkey: OWN, add_passkey: OWN, begin_totp: OWN, confirm_totp: OWN },
  ...{ remove_factor: OWN, new_recovery_codes: OWN },
  ...{ prove: SHOWN, ask_passkey: SHOWN },
  // A code works once, and a wrong one writes nothing.
  ...{ choose_password: null, claim_setup: null },
  ...{ begin_setup: NOTICED, save_outsider: NOTICED, outsider_gone: NOTICED, token_used: NOTICED },
  ...{ met_damage: NOTICED, sign_checkpoint: NOTICED, open_test_call: NOTICED },
  // What a dashboard tells and gives out is counted by its length as well (requests/tell), and each recording (requests/taking).
  ...{ tell: { each: null, all: { burst: 20_000, hourly: 60_000 } } },
  ...{ give_out: LOOK, open_recording: LOOK, open_older: LOOK, open_own_side: LOOK },
  // Whoever declines more than their own quota of that has the call masked instead (requests/directing).
  ...{ direct_call: CALLS },
  ...{ save_policy: WORK, ask_policy: WORK, save_approved: WORK, add_prompt: WORK, activate_prompt: WORK },
  ...{ add_list: WORK, change_list: WORK, remove_list: WORK, put_listed: WORK, drop_listed: WORK },
  ...{ add_consents: WORK, withdraw_consent: WORK, erase_document: WORK, erase_consent: WORK },
  ...{ redact_recording: WORK, ask_older: WORK, erase_older: WORK, erase_calls: WORK },
  ...{
    open_matter: WORK,
    widen_matter: WORK,
    hold_recordings: WORK,
    ask_release: WORK,
    release_matter: WORK,
  },
  ...{
    add_privacy: WORK,
    change_privacy: WORK,
    extend_privacy: WORK,
    exclude_call: WORK,
    close_privacy: WORK,
  },
  ...{ save_letter: WORK, save_mailing: WORK, remove_mailing: WORK, save_organisation: WORK },
  ...{ run_retention: LONG, check_recordings: LONG, move_to_archive: LONG, cancel_job: LONG },
  ...{ speak_prompt: LONG, send_mailing: LONG, make_evidence: LONG, make_report: LONG, make_answer: LONG },
  ...{ read_document: LOOK },
};

/** Takes one request of the dashboard's, by its body, from its quota. Throws where it may not be asked. */
export type Admit = (name: ControlName | StreamName) => (body: unknown) => void;

/** A storm of requests over their quota is one line of the log in this time, in ms. */
const TELL_AGAIN_MS = 60_000;

/** Nobody is asked for whom the dashboard may not speak, and nobody more often than their quota has it. */
export function createAdmission(log: Log): Admit {
  const buckets = createBuckets({ now: () => performance.now() });
  let toldAt = Number.NEGATIVE_INFINITY;
  return (name) => {
    const quota = QUOTAS[name];
    if (quota === undefined) throw new Error(`The request "${name}" has no quota.`);
    const { each = null, all = null } = quota ?? {};
    return (body) => {
      const person = personIn(body);
      const limits = [
        ...(each ? [[`${name} ${person}`, each] as const] : []),
        ...(all ? [[name, all] as const] : []),
      ];
      if (buckets.take(...limits)) return;
      if (performance.now() - toldAt > TELL_AGAIN_MS) {
        toldAt = performance.now();
        log.warn(
          { request: name, person },
          'The dashboard is refused what it asks more often than people do',
        );
      }
      throw fail('too_many', `"${name}" was asked more often than ${(each ?? all)!.hourly} times an hour.`);
    };
  };
}

/** Returns for whom a request is, as it says. Throws `request_invalid` where the dashboard says that the command line asks. */
function personIn(body: unknown): string {
  const { by, person } = (body ?? {}) as { by?: unknown; person?: unknown };
  if (typeof by !== 'object' || by === null) return String(person ?? '');
  if ('console' in by)
    throw fail('request_invalid', '"by" is the command line, which asks over the socket of its own.');
  return String((by as { person?: unknown }).person ?? '');
}
