import { fail } from '../domain/error.js';
import type { ControlName, StreamName } from '../domain/operations/control.js';
import type { BoxRight } from '../domain/people/person.js';
import { createBuckets, type Limit } from '../ops/buckets.js';
import type { Log } from '../ops/log.js';

/**
 * How often something may be asked over the shared socket, which the dashboard has. Over it, the request is answered with `too_many` and
 * nothing is written.
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

/**
 * By what somebody may ask. A right of the box, which is looked at before anything else of the request; or the right over the `call`,
 * the `object` that is taken, or the `act` that is approved, as each has it. `own`: what is theirs, in a session of theirs. `shown`: by
 * what they show, a password or a passkey. `code`: by a code that works once. `dashboard`: nobody asks; it is the dashboard's word.
 */
type Right = BoxRight | 'call' | 'object' | 'act' | 'own' | 'shown' | 'code' | 'dashboard';
type Line = { right: Right; quota: Quota | null };
type Asked = ControlName | StreamName;

const lines = (right: Right, quota: Quota | null, names: readonly Asked[]): Partial<Record<Asked, Line>> =>
  Object.fromEntries(names.map((name) => [name, { right, quota }]));

/**
 * Every request that the shared socket answers and that may write: by what right, and how often. One without its line here ends the
 * recorder at its start. Over its quota a request is refused; of `direct_call`, see requests/directing: who may not decline any more
 * has the call masked.
 */
export const ADMISSION: Partial<Record<Asked, Line>> = {
  ...lines('people', WORK, ['add_person', 'change_person', 'remove_person', 'invite_person', 'shut_out']),

  ...lines('settings', WORK, ['set_factor_roles', 'save_policy', 'ask_policy', 'save_approved']),
  ...lines('settings', WORK, ['add_prompt', 'activate_prompt']),
  ...lines('settings', LONG, ['speak_prompt']),
  ...lines('settings', WORK, ['add_list', 'change_list', 'remove_list', 'put_listed', 'drop_listed']),
  ...lines('settings', WORK, ['add_consents', 'withdraw_consent', 'erase_document', 'erase_consent']),
  ...lines('settings', WORK, ['redact_recording', 'erase_older', 'erase_calls']),
  ...lines('settings', LOOK, ['redacted_versions']),
  ...lines('settings', LONG, ['run_retention', 'check_recordings', 'move_to_archive', 'cancel_job']),

  ...lines('oversee', WORK, ['open_matter', 'widen_matter', 'hold_recordings', 'ask_release']),
  ...lines('oversee', WORK, ['release_matter', 'save_mailing', 'remove_mailing']),
  ...lines('oversee', LONG, ['send_mailing', 'make_report']),
  ...lines('oversee', LOOK, ['read_document']),

  ...lines('privacy', WORK, ['add_privacy', 'change_privacy', 'extend_privacy', 'exclude_call']),
  ...lines('privacy', WORK, ['close_privacy', 'save_letter', 'save_organisation']),
  ...lines('privacy', LOOK, ['open_own_side']),
  ...lines('privacy', LONG, ['make_answer']),

  ...lines('call', CALLS, ['direct_call']),
  // What a dashboard gives out is counted for each recording as well (requests/taking), and what it tells by its length (requests/tell).
  ...lines('call', LOOK, ['open_recording', 'open_older', 'earlier_versions']),
  ...lines('call', WORK, ['ask_older']),
  ...lines('call', LONG, ['make_evidence']),
  ...lines('object', LOOK, ['give_out']),
  ...lines('act', LOOK, ['approvals']),
  ...lines('act', WORK, ['approve', 'withdraw_approval']),

  ...lines('own', WORK, ['make_token', 'remove_token']),
  ...lines('own', OWN, ['change_password', 'begin_passkey', 'add_passkey', 'begin_totp', 'confirm_totp']),
  ...lines('own', OWN, ['remove_factor', 'new_recovery_codes']),
  ...lines('shown', SHOWN, ['prove', 'ask_passkey']),
  // A wrong one writes nothing.
  ...lines('code', null, ['choose_password', 'claim_setup']),
  ...lines('dashboard', NOTICED, ['begin_setup', 'save_outsider', 'outsider_gone', 'token_used']),
  ...lines('dashboard', NOTICED, ['met_damage', 'sign_checkpoint', 'open_test_call']),
  ...lines('dashboard', { each: null, all: { burst: 20_000, hourly: 60_000 } }, ['tell']),
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
    const line = ADMISSION[name];
    if (line === undefined) throw new Error(`The request "${name}" has no line in the table of requests.`);
    const { each = null, all = null } = line.quota ?? {};
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
