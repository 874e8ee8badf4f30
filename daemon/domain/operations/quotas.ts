import type { ControlName, StreamName } from './control.js';

/** How many times something may be asked at once, and how many times an hour after that. */
type Limit = { burst: number; hourly: number };

/**
 * In whose name something is asked over the shared socket, which the dashboard has, and how often. Over it, the request is answered
 * with `too_many` and nothing is written; what needs a right besides is checked where it is done.
 */
export type Quota = {
  /**
   * A person of whom the recorder knows whether they may; whoever has a code or an account that the recorder itself looks at; or the
   * dashboard, for what it notices or is told by somebody else than a person here.
   */
  by: 'person' | 'shown' | 'dashboard';
  /** For one person; null where nobody is named. */
  each: Limit | null;
  /** For all together; null where that would let a stranger keep out everybody else. */
  all: Limit | null;
};

/** What people do at their desks: the quickest do some hundred an hour. */
const WORK: Quota = {
  by: 'person',
  each: { burst: 300, hourly: 1_200 },
  all: { burst: 1_500, hourly: 6_000 },
};
/** What is looked up before something is done. It writes nothing. */
const LOOK: Quota = {
  by: 'person',
  each: { burst: 1_000, hourly: 12_000 },
  all: { burst: 4_000, hourly: 60_000 },
};
/** Calls are directed by programs as well: twice for each payment by card, in an office of two hundred. */
const CALLS: Quota = {
  by: 'person',
  each: { burst: 1_000, hourly: 20_000 },
  all: { burst: 2_000, hourly: 40_000 },
};
/** What has the recorder work for long, or sends something. */
const LONG: Quota = { by: 'person', each: { burst: 60, hourly: 240 }, all: { burst: 300, hourly: 1_200 } };
/** What is somebody's own: their password, their second factors. */
const OWN: Quota = { by: 'person', each: { burst: 60, hourly: 120 }, all: { burst: 1_500, hourly: 6_000 } };
/** What shows who somebody is. Strangers can ask for it, so there is no limit for all: each person has their own. */
const SHOWN: Quota = { by: 'shown', each: { burst: 300, hourly: 1_200 }, all: null };
const NOTICED: Quota = { by: 'dashboard', each: null, all: { burst: 1_000, hourly: 6_000 } };

/** Every request that the shared socket answers and that may write; one without its line here ends the recorder at its start. */
export const QUOTAS: Partial<Record<ControlName | StreamName, Quota>> = {
  ...{ approvals: LOOK, redacted_versions: LOOK, earlier_versions: LOOK },
  ...{ approve: WORK, withdraw_approval: WORK },
  ...{ add_person: WORK, change_person: WORK, remove_person: WORK, invite_person: WORK, shut_out: WORK },
  ...{ make_token: WORK, remove_token: WORK, set_factor_roles: WORK },
  ...{ change_password: OWN, begin_passkey: OWN, add_passkey: OWN, begin_totp: OWN, confirm_totp: OWN },
  ...{ remove_factor: OWN, new_recovery_codes: OWN },
  ...{ prove: SHOWN, ask_passkey: SHOWN, choose_password: SHOWN, claim_setup: SHOWN },
  ...{ begin_setup: NOTICED, save_outsider: NOTICED, outsider_gone: NOTICED, token_used: NOTICED },
  ...{ met_damage: NOTICED, sign_checkpoint: NOTICED },
  // What a dashboard tells and gives out is counted by its length as well (requests/tell), and each recording (requests/taking).
  ...{ tell: { by: 'dashboard', each: null, all: { burst: 20_000, hourly: 60_000 } } },
  ...{ give_out: LOOK, open_recording: LOOK, open_test_call: LOOK, open_older: LOOK, open_own_side: LOOK },
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
