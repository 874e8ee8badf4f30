/** SQL: whether a name of before there could be several PBXs would be taken for one on another. */
const ambiguous = (
  name: string,
) => `(${name} GLOB '/*' OR (${name} GLOB '[a-z]*/*' AND ${name} NOT GLOB 'first/*'
    AND instr(${name}, '/') <= 33 AND substr(${name}, 1, instr(${name}, '/') - 1) NOT GLOB '*[^-a-z0-9]*'))`;
/** SQL: a list of such names, as they are written now. */
const slashed = (json: string, path: string) =>
  `(SELECT json_group_array(iif(${ambiguous('value')}, '/' || value, value)) FROM json_each(${json}, '${path}'))`;

/** SQL: the same for what the rules in a list of every policy name; a policy that cannot be read stays as it is. */
const slashedRules = (list: 'record' | 'retention', named: 'extension' | 'queue' | 'did') => `
  UPDATE policies SET policy = json_set(policy, '$.${list}', json((
    SELECT json_group_array(json(iif(json_type(rule.value, '$.when.${named}') IS 'array',
      json_set(rule.value, '$.when.${named}', json(${slashed('rule.value', `$.when.${named}`)})), rule.value)))
    FROM json_each(policy, '$.${list}') AS rule)))
  WHERE CASE
    WHEN NOT instr(policy, '/') OR NOT json_valid(policy) THEN 0
    WHEN json_type(policy, '$.${list}') IS NOT 'array' THEN 0
    ELSE NOT EXISTS (SELECT 1 FROM json_each(policy, '$.${list}') WHERE type <> 'object')
  END;`;

/** SQL: writes since when there has been no audio of the calls that fit. */
const namesFrom = (fits: string) => `
  UPDATE calls SET names_from = CASE
    WHEN ended_at IS NULL OR test = 1 OR names_removed_at IS NOT NULL THEN NULL
    WHEN EXISTS (SELECT 1 FROM recordings r WHERE r.call_id = calls.id AND r.state <> 'erased') THEN NULL
    ELSE max(ended_at, coalesce((SELECT max(r.erased_at) FROM recordings r WHERE r.call_id = calls.id), 0)) END
  WHERE ${fits}`;

/** SQL: the day (UTC) of a row of "ears", and what a row adds to "ear_days" and takes away from it. */
const EAR_DAY = 'started_at / 86400000';
const countEar = (row: 'NEW') => `
  INSERT INTO ear_days SELECT ${row}.${EAR_DAY}, ${row}.kind, ${row}.name, ${row}.flags, 1 WHERE ${row}.name <> ''
    ON CONFLICT DO UPDATE SET calls = calls + 1;`;
const uncountEar = (row: 'OLD') => {
  const its = `day = ${row}.${EAR_DAY} AND kind = ${row}.kind AND name = ${row}.name AND flags = ${row}.flags`;
  return `UPDATE ear_days SET calls = calls - 1 WHERE ${its}; DELETE FROM ear_days WHERE ${its} AND calls < 1;`;
};

/** SQL: the quarter of an hour of a call or an account, and that a quarter has changed: that of a call, or of an account without one. */
const QUARTER = 'started_at / 900000';
const recount = (row: 'OLD' | 'NEW', when = 'true') =>
  `INSERT INTO coverage_due SELECT ${row}.${QUARTER} WHERE ${when} ON CONFLICT DO NOTHING;`;
const recountCall = (row: 'OLD' | 'NEW') =>
  `INSERT INTO coverage_due SELECT ${QUARTER} FROM calls WHERE id = ${row}.call_id ON CONFLICT DO NOTHING;`;
/** SQL: that the quarter of a call has changed for consent. A call that goes on is in no report. */
const retold = (row: 'OLD' | 'NEW') =>
  `INSERT INTO consent_due SELECT ${QUARTER} FROM calls WHERE id = ${row}.call_id AND ended_at IS NOT NULL ON CONFLICT DO NOTHING;`;
const retoldCall = (row: 'OLD' | 'NEW') =>
  `INSERT INTO consent_due VALUES (${row}.${QUARTER}) ON CONFLICT DO NOTHING;`;
const recountStrange = (row: 'OLD' | 'NEW') => recount(row, `${row}.call_id IS NULL`);

/**
 * The catalogue's shape, one step a version; `user_version` says how many have been taken. Append only: a step that
 * has been released is never edited, because files out there have already taken it.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE calls (
    id TEXT PRIMARY KEY,
    linkedids TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out', 'internal')),
    started_at INTEGER NOT NULL,
    answered_at INTEGER,
    ended_at INTEGER,
    outcome TEXT,
    them TEXT NOT NULL,
    us TEXT NOT NULL,
    dialled TEXT NOT NULL,
    did TEXT NOT NULL,
    queue TEXT NOT NULL,
    coverage_status TEXT NOT NULL,
    coverage_reason TEXT NOT NULL,
    coverage_rule TEXT,
    missing_ms INTEGER NOT NULL,
    legs TEXT NOT NULL,
    marks TEXT NOT NULL,
    search TEXT NOT NULL
  ) STRICT;
  -- search stands in the index so that looking for a word reads only what it needs.
  CREATE INDEX calls_by_start ON calls (started_at, id, search);
  CREATE INDEX calls_by_coverage ON calls (coverage_status, started_at, id);
  CREATE INDEX calls_open ON calls (id) WHERE ended_at IS NULL;

  CREATE TABLE absorbed (
    id TEXT PRIMARY KEY,
    into_id TEXT NOT NULL REFERENCES calls (id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX absorbed_by_into ON absorbed (into_id);

  -- named_call and seq name the spool files and never change; call_id is the call that the segment belongs to now.
  CREATE TABLE segments (
    named_call TEXT NOT NULL,
    seq INTEGER NOT NULL,
    call_id TEXT NOT NULL REFERENCES calls (id),
    leg_id TEXT NOT NULL,
    in_started_at INTEGER,
    out_started_at INTEGER,
    state TEXT NOT NULL CHECK (state IN ('capturing', 'captured', 'preserved', 'damaged', 'dropped')),
    PRIMARY KEY (named_call, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX segments_by_call ON segments (call_id);
  CREATE INDEX segments_waiting ON segments (call_id) WHERE state IN ('capturing', 'captured');

  CREATE TABLE recordings (
    id TEXT PRIMARY KEY,
    call_id TEXT NOT NULL REFERENCES calls (id),
    state TEXT NOT NULL CHECK (state IN ('sealed', 'erasing', 'erased')),
    duration_ms INTEGER NOT NULL,
    plain_bytes INTEGER NOT NULL,
    sealed_bytes INTEGER NOT NULL,
    plain_sha256 TEXT NOT NULL,
    sealed_sha256 TEXT NOT NULL,
    file TEXT NOT NULL,
    sealed_at INTEGER NOT NULL,
    left_db REAL NOT NULL,
    right_db REAL NOT NULL,
    keep_until INTEGER,
    keep_rule TEXT,
    keep_reason TEXT NOT NULL,
    erase_intended_at INTEGER,
    erased_at INTEGER,
    erase_reason TEXT
  ) STRICT;
  CREATE INDEX recordings_by_call ON recordings (call_id);
  CREATE INDEX recordings_by_end ON recordings (state, coalesce(keep_until, 9223372036854775807), sealed_at);
  CREATE INDEX recordings_erasing ON recordings (id) WHERE state = 'erasing';
  CREATE INDEX recordings_erased ON recordings (erased_at) WHERE state = 'erased';

  CREATE TABLE peaks (
    recording_id TEXT PRIMARY KEY REFERENCES recordings (id),
    -- See peaks.ts.
    pad BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    data BLOB NOT NULL
  ) STRICT;

  CREATE TABLE policies (
    version INTEGER PRIMARY KEY,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    policy TEXT NOT NULL
  ) STRICT;

  CREATE TABLE users (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    -- The name as it is compared: case and width do not make another person.
    name_key TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sessions_by_user ON sessions (user_id);
  CREATE INDEX sessions_by_end ON sessions (expires_at);

  CREATE TABLE setup (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    code_hash TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT;
  `,
  `
  ALTER TABLE calls ADD COLUMN consult_for TEXT;
  ALTER TABLE calls ADD COLUMN test INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX calls_consulted ON calls (consult_for) WHERE consult_for IS NOT NULL;

  ALTER TABLE segments ADD COLUMN because TEXT NOT NULL DEFAULT '';
  ALTER TABLE segments ADD COLUMN in_muted_from INTEGER;
  ALTER TABLE segments ADD COLUMN out_muted_from INTEGER;
  ALTER TABLE segments ADD COLUMN swapped INTEGER NOT NULL DEFAULT 0;

  -- Stretches for which a side was not captured, as JSON; quality as JSON, and its flags as words to look for.
  ALTER TABLE recordings ADD COLUMN gaps TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE recordings ADD COLUMN quality TEXT;
  ALTER TABLE recordings ADD COLUMN quality_flags TEXT NOT NULL DEFAULT '';

  CREATE INDEX recordings_by_seal ON recordings (sealed_at, sealed_bytes);

  -- Whose phone or line each side of a recording is, and what is wrong with it: for trends.
  CREATE TABLE ears (
    recording_id TEXT NOT NULL REFERENCES recordings (id),
    side TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    flags TEXT NOT NULL,
    PRIMARY KEY (recording_id, side)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX ears_by_time ON ears (started_at, kind, name, flags);

  CREATE TABLE blind_windows (
    id INTEGER PRIMARY KEY,
    from_at INTEGER NOT NULL,
    to_at INTEGER,
    reason TEXT NOT NULL
  ) STRICT;
  CREATE INDEX blind_windows_by_start ON blind_windows (from_at);

  -- When the daemon was last known to watch: after a crash it tells where the blindness began.
  CREATE TABLE watch (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seen_at INTEGER NOT NULL
  ) STRICT;
  `,
  // The PBX's own account of its calls.
  `
  -- CDRs as they came, each once whatever brought it: what accounts are made of.
  CREATE TABLE cdrs (
    key TEXT PRIMARY KEY,
    linkedid TEXT NOT NULL,
    uniqueid TEXT NOT NULL,
    start_at INTEGER NOT NULL,
    end_at INTEGER NOT NULL,
    source TEXT NOT NULL,
    heard_at INTEGER NOT NULL,
    account_id TEXT,
    cdr TEXT NOT NULL
  ) STRICT;
  CREATE INDEX cdrs_by_linkedid ON cdrs (linkedid);
  CREATE INDEX cdrs_by_uniqueid ON cdrs (uniqueid);
  CREATE INDEX cdrs_by_account ON cdrs (account_id);
  CREATE INDEX cdrs_by_end ON cdrs (end_at);

  -- The PBX's account of a call. call_id is null where we know nothing of it.
  CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    call_id TEXT,
    linkedid TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    answered_at INTEGER,
    ended_at INTEGER NOT NULL,
    src TEXT NOT NULL,
    dst TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Only in a bridge, with nobody: its length says nothing.
    alone INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX accounts_by_call ON accounts (call_id) WHERE call_id IS NOT NULL;
  CREATE INDEX accounts_strange ON accounts (started_at) WHERE call_id IS NULL;

  CREATE TABLE cdr_sources (
    name TEXT PRIMARY KEY,
    since INTEGER,
    read_at INTEGER,
    last_at INTEGER,
    count INTEGER NOT NULL DEFAULT 0,
    problem TEXT NOT NULL DEFAULT ''
  ) STRICT;
  `,
  // Alarms and test calls.
  `
  CREATE TABLE test_calls (
    at INTEGER PRIMARY KEY,
    outcome TEXT NOT NULL CHECK (outcome IN ('ok', 'failed', 'skipped', 'not_set_up')),
    fault TEXT,
    detail TEXT NOT NULL,
    measures TEXT,
    took_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX calls_test ON calls (id) WHERE test = 1;

  CREATE TABLE alarms (
    key TEXT NOT NULL,
    raised_at INTEGER NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('warning', 'critical')),
    message TEXT NOT NULL,
    hint TEXT NOT NULL,
    cleared_at INTEGER,
    told_at INTEGER,
    told_as TEXT,
    returns INTEGER NOT NULL,
    lasts_until INTEGER,
    -- 1: nothing more is said of it.
    done INTEGER NOT NULL,
    PRIMARY KEY (key, raised_at)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX alarms_open ON alarms (raised_at) WHERE done = 0;
  CREATE INDEX alarms_over ON alarms (cleared_at) WHERE cleared_at IS NOT NULL;

  -- Messages about them on their way out. What was taken or given up stays for a while, to be shown.
  CREATE TABLE deliveries (
    notice_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    notice TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    sent_at INTEGER,
    given_up_at INTEGER,
    problem TEXT NOT NULL,
    PRIMARY KEY (notice_id, channel)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX deliveries_open ON deliveries (made_at) WHERE sent_at IS NULL AND given_up_at IS NULL;
  `,
  // Who may do what. Who could sign in before could do everything but what needed the console, and goes on so.
  `
  ALTER TABLE users ADD COLUMN roles TEXT NOT NULL DEFAULT '["admin","reviewer"]';
  ALTER TABLE users ADD COLUMN scope TEXT NOT NULL
    DEFAULT '{"all":true,"extensions":[],"queues":[],"dids":[]}';
  ALTER TABLE users ADD COLUMN extensions TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE users ADD COLUMN grants TEXT NOT NULL DEFAULT '["download","export","erase","hold"]';
  `,
  // What was signed of a recording, and when its file was last seen to be as it was sealed. manifest_texts is for what
  // names people, and goes with the recording.
  `
  CREATE TABLE manifests (
    recording_id TEXT PRIMARY KEY REFERENCES recordings (id),
    sha256 TEXT NOT NULL,
    signature TEXT NOT NULL,
    key_id TEXT NOT NULL,
    made_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE manifest_texts (
    recording_id TEXT PRIMARY KEY REFERENCES recordings (id),
    filler BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    data BLOB NOT NULL
  ) STRICT;
  CREATE TABLE seal_checks (
    recording_id TEXT PRIMARY KEY REFERENCES recordings (id),
    checked_at INTEGER NOT NULL,
    -- 1: it has a manifest.
    signed INTEGER NOT NULL,
    fault TEXT,
    fault_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX seal_checks_due ON seal_checks (checked_at);
  CREATE INDEX seal_checks_unsigned ON seal_checks (checked_at) WHERE signed = 0 AND fault IS NULL;
  CREATE INDEX seal_checks_faulty ON seal_checks (fault_at) WHERE fault IS NOT NULL;
  INSERT INTO seal_checks SELECT id, sealed_at, 0, NULL, NULL FROM recordings WHERE state = 'sealed';
  `,
  // People are changed, invited and disabled; their sessions and tokens can be told apart.
  `
  ALTER TABLE users ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE users ADD COLUMN disabled_at INTEGER;
  ALTER TABLE users ADD COLUMN signed_in_at INTEGER;
  ALTER TABLE users ADD COLUMN password_at INTEGER;
  UPDATE users SET password_at = created_at;

  -- id names a session where its token's hash has no business; renew: 1 it gets a new token when next used, 2 this is the
  -- old token of one that has a new one, good for what was on its way.
  ALTER TABLE sessions ADD COLUMN id TEXT NOT NULL DEFAULT '';
  ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
  ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';
  ALTER TABLE sessions ADD COLUMN renew INTEGER NOT NULL DEFAULT 0;
  UPDATE sessions SET id = lower(hex(randomblob(16)));

  -- Links by which somebody chooses a password of his own.
  CREATE TABLE invitations (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    code_hash TEXT NOT NULL UNIQUE,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    rights TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    used_from TEXT NOT NULL DEFAULT ''
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tokens_by_user ON tokens (user_id);

  -- Browsers in which somebody has signed in: guesses made elsewhere do not keep him out of these.
  CREATE TABLE devices (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    device_hash TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, device_hash)
  ) STRICT, WITHOUT ROWID;
  `,
  // Second factors, and people who come from a directory or a provider.
  `
  ALTER TABLE users ADD COLUMN source TEXT NOT NULL DEFAULT 'local';
  -- What names somebody there, whatever he is called.
  ALTER TABLE users ADD COLUMN subject TEXT NOT NULL DEFAULT '';
  CREATE UNIQUE INDEX users_by_subject ON users (source, subject) WHERE source <> 'local';

  ALTER TABLE sessions ADD COLUMN proofs TEXT NOT NULL DEFAULT '["password"]';
  ALTER TABLE sessions ADD COLUMN proved_at INTEGER NOT NULL DEFAULT 0;
  -- Wrong second factors before this session, to be told to its owner.
  ALTER TABLE sessions ADD COLUMN failed_before INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE sessions ADD COLUMN failed_at INTEGER;

  CREATE TABLE totp (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    sealed BLOB NOT NULL,
    added_at INTEGER NOT NULL,
    -- Of the last code that was taken: neither it nor an older one is taken again.
    last_step INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE passkeys (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    public_key BLOB NOT NULL,
    counter INTEGER NOT NULL,
    transports TEXT NOT NULL,
    host TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    used_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX passkeys_by_user ON passkeys (user_id);

  CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_hash TEXT NOT NULL,
    PRIMARY KEY (user_id, code_hash)
  ) STRICT, WITHOUT ROWID;

  -- device_hash is empty for all browsers together in which he has not signed in before.
  CREATE TABLE factor_tries (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    device_hash TEXT NOT NULL,
    failed INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, device_hash)
  ) STRICT, WITHOUT ROWID;

  -- The roles that require a second factor.
  CREATE TABLE factor_roles (role TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  `,
  // Who did what. Entries are added to the end of a chain of hashes, and never changed.
  `
  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    -- Canonical JSON (RFC 8785), seq included: the very bytes that are hashed.
    entry TEXT NOT NULL,
    -- What the chain comes to with it.
    hash BLOB NOT NULL,
    at TEXT GENERATED ALWAYS AS (entry ->> '$.at'),
    actor TEXT GENERATED ALWAYS AS (entry ->> '$.actor'),
    actor_id TEXT GENERATED ALWAYS AS (entry ->> '$.actor_id'),
    actor_name TEXT GENERATED ALWAYS AS (entry ->> '$.actor_name'),
    -- The command line has no ids, but names.
    actor_key TEXT GENERATED ALWAYS AS (iif(entry ->> '$.actor_id' <> '', entry ->> '$.actor_id', entry ->> '$.actor_name')),
    action TEXT GENERATED ALWAYS AS (entry ->> '$.action'),
    object_id TEXT GENERATED ALWAYS AS (entry ->> '$.object_id'),
    outcome TEXT GENERATED ALWAYS AS (entry ->> '$.outcome')
  ) STRICT;
  CREATE INDEX audit_by_actor ON audit (actor_key, seq);
  CREATE INDEX audit_by_object ON audit (object_id, seq) WHERE object_id <> '';
  CREATE INDEX audit_by_action ON audit (action, seq);
  CREATE INDEX audit_by_time ON audit (at, seq);
  CREATE INDEX audit_by_outcome ON audit (outcome, seq) WHERE outcome <> 'ok';

  CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'entries of the audit log are never changed'); END;
  CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'entries of the audit log are never removed'); END;
  -- REPLACE removes a row without asking the trigger above.
  CREATE TRIGGER audit_grows BEFORE INSERT ON audit
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit)
    BEGIN SELECT RAISE(ABORT, 'entries of the audit log are only added to its end'); END;

  -- What was looked for, which may be anybody's name: forgotten after a while. The entry has a digest of it.
  CREATE TABLE audit_words (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    salt TEXT NOT NULL,
    words TEXT NOT NULL
  ) STRICT;
  CREATE INDEX audit_words_by_time ON audit_words (at);

  CREATE TABLE checkpoints (
    size INTEGER NOT NULL,
    at INTEGER NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (size, at)
  ) STRICT, WITHOUT ROWID;
  `,
  // By what each call is reached, newest first: so that a list of somebody's calls reads only those.
  `
  CREATE TABLE call_reach (
    kind TEXT NOT NULL CHECK (kind IN ('extension', 'queue', 'did')),
    name TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    call_id TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    PRIMARY KEY (kind, name, started_at, call_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX call_reach_by_call ON call_reach (call_id);
  INSERT OR IGNORE INTO call_reach
    SELECT 'extension', leg.value ->> '$.party.number', started_at, calls.id FROM calls, json_each(calls.legs) AS leg
    WHERE test = 0 AND leg.value ->> '$.party.ours' AND leg.value ->> '$.party.number' <> '';
  INSERT INTO call_reach SELECT 'queue', queue, started_at, id FROM calls WHERE test = 0 AND queue <> '';
  INSERT OR IGNORE INTO call_reach
    SELECT 'queue', mark.value ->> '$.text', started_at, calls.id FROM calls, json_each(calls.marks) AS mark
    WHERE test = 0 AND mark.value ->> '$.kind' = 'queue' AND mark.value ->> '$.text' <> '';
  INSERT INTO call_reach SELECT 'did', did, started_at, id FROM calls WHERE test = 0 AND did <> '';
  `,
  // The part of the names of a segment's spool files that nobody can guess. Earlier segments have none.
  `
  ALTER TABLE segments ADD COLUMN spool_token TEXT NOT NULL DEFAULT '';
  `,
  // The witness: which CDRs still have to be compared with our calls, and when Asterisk's CDRs were not heard.
  `
  -- When the call that this CDR belongs to is to be compared with ours (again); NULL when it was.
  ALTER TABLE cdrs ADD COLUMN due_at INTEGER;
  UPDATE cdrs SET due_at = 0 WHERE account_id IS NULL;
  CREATE INDEX cdrs_by_due ON cdrs (due_at) WHERE due_at IS NOT NULL;

  CREATE TABLE witness_gaps (
    id INTEGER PRIMARY KEY,
    from_at INTEGER NOT NULL,
    to_at INTEGER,
    reason TEXT NOT NULL
  ) STRICT;
  CREATE INDEX witness_gaps_by_start ON witness_gaps (from_at);

  -- When CDRs were last known to be heard, if there were any: after a crash it tells where the gap began.
  CREATE TABLE witness_seen (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seen_at INTEGER NOT NULL
  ) STRICT;
  `,
  // Time that captured files lack because the PBX had no processor time: as JSON, by side.
  `
  CREATE TABLE segment_losses (
    named_call TEXT NOT NULL,
    seq INTEGER NOT NULL,
    lost TEXT NOT NULL,
    PRIMARY KEY (named_call, seq),
    FOREIGN KEY (named_call, seq) REFERENCES segments (named_call, seq) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  `,
  // Counting what is kept reads this and no row.
  `
  CREATE INDEX recordings_kept ON recordings (call_id, keep_until, sealed_at) WHERE state = 'sealed';
  `,
  // Who fed a captured leg last: after a restart it tells whether that has changed while nobody watched.
  `
  ALTER TABLE segments ADD COLUMN fed TEXT NOT NULL DEFAULT '';
  `,
  // Whether a call was to be recorded, by which rule of which version of the policy, and why: as JSON. Rules have an outcome
  // instead of yes and no; a policy that cannot be read stays as it is.
  `
  ALTER TABLE calls ADD COLUMN decision TEXT;

  UPDATE policies SET policy = json_set(policy, '$.record', json((
    SELECT json_group_array(json_remove(
      json_set(rule.value, '$.outcome', iif(rule.value ->> '$.record', 'record', 'skip')), '$.record'))
    FROM json_each(policy, '$.record') AS rule)))
  WHERE CASE
    WHEN NOT json_valid(policy) THEN 0
    WHEN json_type(policy, '$.record') IS NOT 'array' THEN 0
    ELSE NOT EXISTS (SELECT 1 FROM json_each(policy, '$.record') WHERE type <> 'object')
  END;
  `,
  // What an alarm is about, as a code with params; NULL where an earlier version wrote sentences, which have a message then.
  `
  ALTER TABLE alarms ADD COLUMN why TEXT;
  -- For how long after it was last raised it stands, if nobody clears it.
  ALTER TABLE alarms ADD COLUMN lasts_ms INTEGER;
  `,
  // Long work that outlives a restart. seq is the order in which it was asked for; cursor says to the job itself how far it is.
  `
  CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    -- Canonical JSON, so that the same job is asked for with the same text.
    params TEXT NOT NULL,
    state TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    cursor TEXT NOT NULL,
    done INTEGER NOT NULL,
    total INTEGER,
    faults INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    -- JSON: code and detail of the last failure.
    error TEXT
  ) STRICT;
  CREATE UNIQUE INDEX jobs_open ON jobs (kind, params) WHERE state IN ('waiting', 'running');
  CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL;
  `,
  // The recorder alone writes this file. Sessions and known browsers are in a database of the dashboard's own; everybody signs in
  // anew. epoch goes up whenever all sessions of a person end, gains whenever they may do more than before: a session knows both
  // as they were when it began.
  `
  DROP TABLE sessions;
  DROP TABLE devices;
  ALTER TABLE users ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE users ADD COLUMN gains INTEGER NOT NULL DEFAULT 0;
  -- How far each database of a dashboard has told what was done there, and when it last did.
  CREATE TABLE told (source TEXT PRIMARY KEY, seq INTEGER NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  -- Goes up with whatever a page may show: what only the audit log says does not count.
  CREATE TABLE changes (one INTEGER PRIMARY KEY CHECK (one = 1), count INTEGER NOT NULL) STRICT;
  INSERT INTO changes VALUES (1, 0);
  `,
  // Several PBXs: whose everything is that a PBX names or that watches one. What is older is of the first, whose id is empty.
  `
  ALTER TABLE calls ADD COLUMN pbx TEXT NOT NULL DEFAULT '';
  CREATE INDEX calls_elsewhere ON calls (pbx, started_at, id) WHERE pbx <> '';
  ALTER TABLE cdrs ADD COLUMN pbx TEXT NOT NULL DEFAULT '';
  ALTER TABLE accounts ADD COLUMN pbx TEXT NOT NULL DEFAULT '';
  ALTER TABLE blind_windows ADD COLUMN pbx TEXT NOT NULL DEFAULT '';
  ALTER TABLE witness_gaps ADD COLUMN pbx TEXT NOT NULL DEFAULT '';

  CREATE TABLE cdr_sources_of (
    pbx TEXT NOT NULL,
    name TEXT NOT NULL,
    since INTEGER,
    read_at INTEGER,
    last_at INTEGER,
    count INTEGER NOT NULL DEFAULT 0,
    problem TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (pbx, name)
  ) STRICT;
  INSERT INTO cdr_sources_of SELECT '', name, since, read_at, last_at, count, problem FROM cdr_sources;
  DROP TABLE cdr_sources;
  ALTER TABLE cdr_sources_of RENAME TO cdr_sources;

  CREATE TABLE test_calls_of (
    pbx TEXT NOT NULL,
    at INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('ok', 'failed', 'skipped', 'not_set_up')),
    fault TEXT,
    detail TEXT NOT NULL,
    measures TEXT,
    took_ms INTEGER NOT NULL,
    PRIMARY KEY (pbx, at)
  ) STRICT;
  INSERT INTO test_calls_of SELECT '', at, outcome, fault, detail, measures, took_ms FROM test_calls;
  DROP TABLE test_calls;
  ALTER TABLE test_calls_of RENAME TO test_calls;
  CREATE INDEX test_calls_by_time ON test_calls (at);

  CREATE TABLE watch_of (pbx TEXT PRIMARY KEY, seen_at INTEGER NOT NULL) STRICT;
  INSERT INTO watch_of SELECT '', seen_at FROM watch;
  DROP TABLE watch;
  ALTER TABLE watch_of RENAME TO watch;
  CREATE TABLE witness_seen_of (pbx TEXT PRIMARY KEY, seen_at INTEGER NOT NULL) STRICT;
  INSERT INTO witness_seen_of SELECT '', seen_at FROM witness_seen;
  DROP TABLE witness_seen;
  ALTER TABLE witness_seen_of RENAME TO witness_seen;

  -- A name with a slash that could now be taken for one on another PBX begins with a slash, see domain/place.
  UPDATE OR IGNORE call_reach SET name = '/' || name WHERE ${ambiguous('name')};
  UPDATE ears SET name = '/' || name WHERE ${ambiguous('name')};
  UPDATE users SET extensions = ${slashed('extensions', '$')}, scope = json_set(scope,
    '$.extensions', json(${slashed('scope', '$.extensions')}), '$.queues', json(${slashed('scope', '$.queues')}),
    '$.dids', json(${slashed('scope', '$.dids')}))
  WHERE instr(scope || extensions, '/') AND json_valid(scope) AND json_valid(extensions);
  ${(['record', 'retention'] as const).map((list) => (['extension', 'queue', 'did'] as const).map((named) => slashedRules(list, named)).join('')).join('')}
  `,
  // A recording has an id of its own, and may have several versions: rows with the same of_id, which is the id of the first. Until
  // now a recording had the id of the call that it was sealed for, and keeps it.
  `
  ALTER TABLE recordings ADD COLUMN of_id TEXT NOT NULL DEFAULT '';
  ALTER TABLE recordings ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
  UPDATE recordings SET of_id = id;
  CREATE UNIQUE INDEX recordings_versions ON recordings (of_id, version);

  -- Under which id, and as which file, a recording is being made: there before its key is, and gone once its row is there.
  CREATE TABLE recordings_begun (
    recording_id TEXT PRIMARY KEY,
    call_id TEXT NOT NULL REFERENCES calls (id),
    file TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX recordings_begun_by_call ON recordings_begun (call_id, recording_id);
  -- A key and a file may be there already, under the id of the call.
  INSERT INTO recordings_begun SELECT DISTINCT calls.id, calls.id,
      'recordings/' || strftime('%Y/%m/%d', calls.started_at / 1000, 'unixepoch') || '/' || calls.id || '.opus.age'
    FROM segments JOIN calls ON calls.id = segments.call_id
    WHERE segments.state IN ('capturing', 'captured') AND calls.ended_at IS NOT NULL
      AND calls.id NOT IN (SELECT id FROM recordings);

  -- What was done to a recording, whatever its call is called by now.
  CREATE INDEX audit_by_recording ON audit (entry ->> '$.detail.recording', seq)
    WHERE entry ->> '$.detail.recording' IS NOT NULL;
  `,
  // What was said about the recording of a call while it went on: refusals, wishes to keep it, masks.
  `
  CREATE TABLE directives (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    call_id TEXT NOT NULL REFERENCES calls (id),
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    how TEXT NOT NULL,
    who TEXT NOT NULL,
    leg_id TEXT
  ) STRICT;
  CREATE INDEX directives_by_call ON directives (call_id, seq);
  `,
  // Lists of numbers that rules name. `digits` is the number without anything else, to be searched.
  `
  CREATE TABLE number_lists (
    name TEXT PRIMARY KEY,
    note TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    added_by TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE listed_numbers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    list TEXT NOT NULL REFERENCES number_lists (name),
    number TEXT NOT NULL,
    note TEXT NOT NULL,
    until INTEGER,
    added_at INTEGER NOT NULL,
    added_by TEXT NOT NULL,
    digits TEXT NOT NULL
  ) STRICT;
  CREATE INDEX listed_numbers_by_list ON listed_numbers (list, id);
  CREATE INDEX listed_numbers_by_end ON listed_numbers (until) WHERE until IS NOT NULL;
  `,
  // Where a recording is silent on purpose.
  `
  ALTER TABLE recordings ADD COLUMN masks TEXT NOT NULL DEFAULT '[]';
  `,
  // Redactions: what each version was made of, which one stands in its place, and those that are not finished.
  `
  ALTER TABLE recordings ADD COLUMN redaction TEXT;
  ALTER TABLE recordings ADD COLUMN superseded_by TEXT;
  CREATE TABLE redactions (
    recording_id TEXT PRIMARY KEY,
    older_id TEXT NOT NULL UNIQUE REFERENCES recordings (id),
    file TEXT NOT NULL,
    older_kept INTEGER NOT NULL,
    stretches TEXT NOT NULL,
    by TEXT NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // Prompts that were uploaded; the audio is in the data directory, by its hash.
  `
  CREATE TABLE prompts (
    kind TEXT NOT NULL,
    language TEXT NOT NULL,
    hash TEXT NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    added_at INTEGER NOT NULL,
    added_by TEXT NOT NULL,
    active INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, language, hash)
  ) STRICT;
  CREATE UNIQUE INDEX prompts_active ON prompts (kind, language) WHERE active = 1;
  `,
  // What only rules of the policy ask for: account code, channel variables. Null: the call is older than that.
  `
  ALTER TABLE calls ADD COLUMN facts TEXT;
  `,
  // The ledger of consent: how the people of a call were to be told that it is recorded, and what was played to them.
  `
  CREATE TABLE notices (
    call_id TEXT PRIMARY KEY REFERENCES calls (id),
    at INTEGER NOT NULL,
    decision TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE tellings (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    call_id TEXT NOT NULL REFERENCES calls (id),
    what TEXT NOT NULL,
    prompt TEXT NOT NULL,
    leg TEXT NOT NULL,
    started_at INTEGER,
    ended_at INTEGER NOT NULL,
    whole INTEGER NOT NULL,
    heard_by TEXT NOT NULL,
    failed TEXT NOT NULL,
    found TEXT
  ) STRICT;
  CREATE INDEX tellings_by_call ON tellings (call_id, seq);
  `,
  // Standing consents and objections by number, with what was signed. `digits` is the number without anything else, to be searched.
  `
  CREATE TABLE consents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    number TEXT NOT NULL,
    contact TEXT NOT NULL,
    extensions TEXT NOT NULL,
    queues TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    how TEXT NOT NULL,
    until INTEGER,
    added_at INTEGER NOT NULL,
    added_by TEXT NOT NULL,
    withdrawn_at INTEGER,
    withdrawn_by TEXT NOT NULL DEFAULT '',
    document TEXT,
    digits TEXT NOT NULL
  ) STRICT;
  `,
  // Two-person control: what waits for a second person, and who has done what to whose account lately.
  `
  CREATE TABLE approvals (
    id TEXT PRIMARY KEY,
    act TEXT NOT NULL,
    object TEXT NOT NULL,
    digest TEXT NOT NULL,
    shown TEXT NOT NULL,
    reason TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_name TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    alone INTEGER NOT NULL,
    approved_by TEXT,
    approved_name TEXT NOT NULL DEFAULT '',
    approved_at INTEGER,
    used_at INTEGER,
    withdrawn_at INTEGER
  ) STRICT;
  CREATE INDEX approvals_by_time ON approvals (asked_at, id);
  CREATE INDEX approvals_by_object ON approvals (object, asked_by, asked_at);
  CREATE TABLE ties (
    actor TEXT NOT NULL,
    subject TEXT NOT NULL,
    what TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX ties_by_actor ON ties (actor);
  CREATE INDEX ties_by_subject ON ties (subject);
  `,
  // What decided how long a recording is kept: never before `min_until`, by which version of the policy, counted from when. Null:
  // the recording is older than that.
  `
  ALTER TABLE recordings ADD COLUMN min_until INTEGER;
  ALTER TABLE recordings ADD COLUMN keep_version INTEGER;
  ALTER TABLE recordings ADD COLUMN keep_from INTEGER;
  `,
  // Legal holds. A row in hold_items keeps a recording from being erased, whatever asks for it; it goes only by way of a row in
  // hold_releases, which says who asked and who approved, and then stands in hold_released. applied_at and applied_id: how far a
  // query has been worked out, by when calls began; both null once it has been.
  `
  CREATE TABLE matters (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    reason TEXT NOT NULL,
    query TEXT,
    opened_by TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    applied_at INTEGER,
    applied_id TEXT,
    revision INTEGER NOT NULL,
    held_query INTEGER NOT NULL DEFAULT 0,
    held_picked INTEGER NOT NULL DEFAULT 0,
    released_at INTEGER
  ) STRICT;
  CREATE INDEX matters_applying ON matters (id) WHERE applied_at IS NOT NULL;

  CREATE TABLE hold_items (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    matter TEXT NOT NULL REFERENCES matters (id),
    recording_id TEXT NOT NULL REFERENCES recordings (id),
    why TEXT NOT NULL CHECK (why IN ('query', 'picked')),
    at INTEGER NOT NULL,
    by TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX hold_items_by_recording ON hold_items (recording_id, matter);
  CREATE INDEX hold_items_by_matter ON hold_items (matter, seq);

  -- upto: only what was held then is let go. what: all of it, only these recordings (JSON), or what a narrower query does not ask
  -- for (null: a matter without one). was: the query before. done_seq: how far it has been carried out.
  CREATE TABLE hold_releases (
    id TEXT PRIMARY KEY,
    matter TEXT NOT NULL REFERENCES matters (id),
    upto INTEGER NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('all', 'query', 'recordings')),
    query TEXT,
    recordings TEXT NOT NULL,
    was TEXT,
    approval TEXT NOT NULL UNIQUE,
    reason TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    approved_by TEXT NOT NULL,
    at INTEGER NOT NULL,
    done_seq INTEGER NOT NULL DEFAULT 0,
    done_at INTEGER,
    released INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX hold_releases_by_matter ON hold_releases (matter, at);

  CREATE TABLE hold_released (
    release_id TEXT NOT NULL REFERENCES hold_releases (id),
    seq INTEGER NOT NULL,
    recording_id TEXT NOT NULL,
    why TEXT NOT NULL,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    PRIMARY KEY (release_id, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX hold_released_by_recording ON hold_released (recording_id);

  CREATE TRIGGER held_not_erased BEFORE UPDATE OF state ON recordings
  WHEN NEW.state IN ('erasing', 'erased') AND EXISTS (SELECT 1 FROM hold_items WHERE recording_id = OLD.id)
  BEGIN SELECT RAISE(ABORT, 'This recording is under legal hold.'); END;
  CREATE TRIGGER held_not_deleted BEFORE DELETE ON recordings
  WHEN EXISTS (SELECT 1 FROM hold_items WHERE recording_id = OLD.id)
  BEGIN SELECT RAISE(ABORT, 'This recording is under legal hold.'); END;
  CREATE TRIGGER held_until_released BEFORE DELETE ON hold_items
  WHEN NOT EXISTS (SELECT 1 FROM hold_releases r WHERE r.matter = OLD.matter AND r.done_at IS NULL AND OLD.seq <= r.upto)
  BEGIN SELECT RAISE(ABORT, 'A legal hold ends only by a release.'); END;
  CREATE TRIGGER held_unchanged BEFORE UPDATE ON hold_items
  WHEN OLD.seq <> NEW.seq OR OLD.matter <> NEW.matter OR OLD.recording_id <> NEW.recording_id
  BEGIN SELECT RAISE(ABORT, 'A legal hold ends only by a release.'); END;
  `,
  // A standing consent or objection whose personal data was erased: what remains is that there was one.
  `
  ALTER TABLE consents ADD COLUMN erased_at INTEGER;
  ALTER TABLE consents ADD COLUMN erased_by TEXT NOT NULL DEFAULT '';
  ALTER TABLE consents ADD COLUMN erased_why TEXT NOT NULL DEFAULT '';
  `,
  // What retention counts and lists, whatever the number of recordings, without a look at a row.
  `
  DROP INDEX recordings_by_end;
  DROP INDEX recordings_kept;
  DROP INDEX recordings_erased;
  CREATE INDEX recordings_erased ON recordings (erased_at, id) WHERE state = 'erased';
  CREATE INDEX recordings_due ON recordings (keep_until, id, keep_rule, min_until, call_id) WHERE state = 'sealed';
  CREATE INDEX recordings_by_rule ON recordings (keep_rule, keep_until, id, call_id) WHERE state = 'sealed';
  `,
  // A release of a legal hold needs an approval that was used for it.
  `
  CREATE TRIGGER release_approved BEFORE INSERT ON hold_releases
  WHEN NOT EXISTS (SELECT 1 FROM approvals a
    WHERE a.id = NEW.approval AND a.act = 'release_hold' AND a.object = NEW.matter AND a.used_at IS NOT NULL)
  BEGIN SELECT RAISE(ABORT, 'A legal hold is released only with an approval.'); END;
  `,
  // Certificates of erasure. A recording gets its row in "erasures" with the intent, and its "seq" with the tombstone; a certificate is
  // of those after the one before it, up to "last_seq". Recordings that were erased before have no row.
  `
  CREATE TABLE erasure_runs (
    id TEXT PRIMARY KEY,
    about TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX erasure_runs_open ON erasure_runs (started_at) WHERE ended_at IS NULL;
  CREATE TABLE erasures (
    recording_id TEXT PRIMARY KEY REFERENCES recordings (id),
    run TEXT,
    seq INTEGER UNIQUE,
    erased_at INTEGER,
    line TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE certificates (
    number INTEGER PRIMARY KEY,
    statement TEXT NOT NULL,
    signature TEXT NOT NULL,
    key_id TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    items INTEGER NOT NULL,
    last_seq INTEGER NOT NULL UNIQUE
  ) STRICT;
  `,
  // Where the file of a recording is kept; see Tier.
  `
  ALTER TABLE recordings ADD COLUMN tier TEXT NOT NULL DEFAULT 'hot' CHECK (tier IN ('hot', 'moving', 'archive', 'gone'));
  CREATE INDEX recordings_by_tier ON recordings (tier, sealed_at, id, sealed_bytes) WHERE state = 'sealed';
  CREATE INDEX recordings_left ON recordings (id) WHERE state = 'erased' AND tier IN ('moving', 'archive');
  `,
  // Policies that are to be saved once a second person has approved that. A draft goes when its approval is used, withdrawn or over.
  `
  CREATE TABLE policy_drafts (
    approval TEXT PRIMARY KEY REFERENCES approvals (id),
    draft TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // How long names and numbers of a call stay without audio. names_from: since when there is no audio of it; null while there is some,
  // while the call goes on, and once its names and numbers were removed, at names_removed_at.
  `
  ALTER TABLE calls ADD COLUMN names_from INTEGER;
  ALTER TABLE calls ADD COLUMN names_removed_at INTEGER;
  ${namesFrom('true')};
  CREATE INDEX calls_by_names ON calls (names_from, id) WHERE names_from IS NOT NULL;
  CREATE INDEX calls_nameless ON calls (names_removed_at) WHERE names_removed_at IS NOT NULL;
  CREATE TRIGGER names_of_new AFTER INSERT ON calls WHEN NEW.ended_at IS NOT NULL
    BEGIN ${namesFrom('id = NEW.id')}; END;
  CREATE TRIGGER names_of_ended AFTER UPDATE OF ended_at ON calls WHEN NEW.ended_at IS NOT OLD.ended_at
    BEGIN ${namesFrom('id = NEW.id')}; END;
  CREATE TRIGGER names_of_sealed AFTER INSERT ON recordings
    BEGIN ${namesFrom('id = NEW.call_id')}; END;
  CREATE TRIGGER names_of_erased AFTER UPDATE OF state, call_id ON recordings
    BEGIN ${namesFrom('id = NEW.call_id')}; END;
  `,
  // Requests that people make about recordings of themselves. What names them goes at the end of the time for which a log is kept; what
  // remains says when it was received and answered, how, and on which grounds it was refused.
  `
  CREATE TABLE privacy_requests (
    id TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    contact TEXT NOT NULL,
    identity TEXT NOT NULL,
    numbers TEXT NOT NULL,
    first_day TEXT,
    last_day TEXT,
    manner TEXT NOT NULL,
    received TEXT NOT NULL,
    zone TEXT NOT NULL,
    region TEXT NOT NULL,
    entered_by TEXT NOT NULL,
    entered_at INTEGER NOT NULL,
    extended_by TEXT NOT NULL DEFAULT '',
    extended_at INTEGER,
    extended_reason TEXT NOT NULL DEFAULT '',
    closed_by TEXT NOT NULL DEFAULT '',
    closed_at INTEGER,
    closed_day TEXT,
    outcome TEXT,
    grounds TEXT NOT NULL DEFAULT '[]',
    note TEXT NOT NULL DEFAULT '',
    forgotten_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX privacy_requests_open ON privacy_requests (received) WHERE closed_at IS NULL;
  CREATE TABLE privacy_exclusions (
    request_id TEXT NOT NULL REFERENCES privacy_requests (id),
    call_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    by TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (request_id, call_id)
  ) STRICT, WITHOUT ROWID;
  `,
  // Reports that were given out, as they were signed. They are only ever added.
  `
  CREATE TABLE reports (
    entry INTEGER PRIMARY KEY,
    statement TEXT NOT NULL,
    signature TEXT NOT NULL,
    key_id TEXT NOT NULL,
    made_at INTEGER NOT NULL
  ) STRICT;
  CREATE TRIGGER report_unchanged BEFORE UPDATE ON reports
  BEGIN SELECT RAISE(ABORT, 'A report stays as it was signed.'); END;
  CREATE TRIGGER report_kept BEFORE DELETE ON reports
  BEGIN SELECT RAISE(ABORT, 'A report stays as it was signed.'); END;
  `,
  // Reports that are sent regularly, and to whom. A recipient goes with the account.
  `
  CREATE TABLE report_mailings (
    id TEXT PRIMARY KEY,
    report TEXT NOT NULL,
    period TEXT NOT NULL,
    day INTEGER NOT NULL,
    attach INTEGER NOT NULL,
    set_by TEXT NOT NULL,
    set_by_name TEXT NOT NULL,
    set_at INTEGER NOT NULL,
    done_day TEXT NOT NULL,
    failures INTEGER NOT NULL,
    failing_since INTEGER,
    next_at INTEGER NOT NULL,
    last_at INTEGER,
    last_day TEXT,
    last_result TEXT,
    last_detail TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE report_recipients (
    mailing TEXT NOT NULL REFERENCES report_mailings (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    address TEXT NOT NULL,
    UNIQUE (mailing, user_id)
  ) STRICT;
  CREATE INDEX report_recipients_by_user ON report_recipients (user_id);
  `,
  // What the record of processing says of the organisation.
  `
  CREATE TABLE organisation (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    about TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL
  ) STRICT;
  `,
  // Letters to people who made a request, where they are other ones than those that come with Tapedeck.
  `
  CREATE TABLE privacy_letters (
    letter TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    by TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // Which journals of calls that were recorded during an upgrade have been taken into the catalogue, and how far.
  `
  CREATE TABLE upgrade_journals (
    id TEXT PRIMARY KEY,
    lines INTEGER NOT NULL,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // Recordings of other recorders. imports: what was imported, by the hash of its original, so that it is never imported again, not even
  // once it was erased; uniqueid and name are hashes. import_files: what became of each file of an import, for its report.
  `
  ALTER TABLE calls ADD COLUMN imported TEXT;
  CREATE TABLE imports (
    call_id TEXT PRIMARY KEY,
    recording_id TEXT NOT NULL UNIQUE,
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    uniqueid TEXT NOT NULL,
    name TEXT NOT NULL,
    job TEXT NOT NULL,
    sealed INTEGER NOT NULL CHECK (sealed IN (0, 1))
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX imports_by_hash ON imports (sha256);
  CREATE INDEX imports_by_name ON imports (name);
  CREATE INDEX imports_begun ON imports (call_id) WHERE sealed = 0;
  CREATE TABLE import_files (
    job TEXT NOT NULL,
    path TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    notes TEXT NOT NULL,
    call_id TEXT,
    PRIMARY KEY (job, path)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX import_files_by_call ON import_files (call_id) WHERE call_id IS NOT NULL;
  `,
  // How many recordings each phone and line was heard in on a day (UTC) with these flags: what "ears" has, in few rows. One that has no
  // name any more is in none.
  `
  CREATE TABLE ear_days (
    day INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    flags TEXT NOT NULL,
    calls INTEGER NOT NULL,
    PRIMARY KEY (day, kind, name, flags)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO ear_days SELECT ${EAR_DAY}, kind, name, flags, count(*) FROM ears WHERE name <> '' GROUP BY 1, 2, 3, 4;
  CREATE TRIGGER ears_added AFTER INSERT ON ears BEGIN ${countEar('NEW')} END;
  CREATE TRIGGER ears_removed AFTER DELETE ON ears BEGIN ${uncountEar('OLD')} END;
  CREATE TRIGGER ears_changed AFTER UPDATE ON ears BEGIN ${uncountEar('OLD')} ${countEar('NEW')} END;
  `,
  // What the calls of each quarter of an hour come to, see coverage-counts.ts in domain/assurance, and which quarters have changed since
  // they were counted.
  `
  CREATE TABLE coverage_counts (
    quarter INTEGER NOT NULL,
    pbx TEXT NOT NULL,
    status TEXT NOT NULL,
    finding TEXT NOT NULL,
    calls INTEGER NOT NULL,
    first_start INTEGER NOT NULL,
    last_start INTEGER NOT NULL,
    first_end INTEGER NOT NULL,
    last_end INTEGER NOT NULL,
    PRIMARY KEY (quarter, pbx, status, finding)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE coverage_due (quarter INTEGER PRIMARY KEY) STRICT;
  INSERT INTO coverage_due SELECT ${QUARTER} FROM calls UNION SELECT ${QUARTER} FROM accounts WHERE call_id IS NULL;
  CREATE TRIGGER coverage_of_new AFTER INSERT ON calls WHEN NEW.ended_at IS NOT NULL BEGIN ${recount('NEW')} END;
  CREATE TRIGGER coverage_of_old AFTER DELETE ON calls WHEN OLD.ended_at IS NOT NULL BEGIN ${recount('OLD')} END;
  CREATE TRIGGER coverage_of_changed AFTER UPDATE OF id, pbx, direction, started_at, answered_at, ended_at, coverage_status,
    coverage_reason, coverage_rule, missing_ms, test ON calls WHEN OLD.ended_at IS NOT NULL OR NEW.ended_at IS NOT NULL
    BEGIN ${recount('OLD')} ${recount('NEW')} END;
  CREATE TRIGGER coverage_of_sealed AFTER INSERT ON recordings BEGIN ${recountCall('NEW')} END;
  CREATE TRIGGER coverage_of_unsealed AFTER DELETE ON recordings BEGIN ${recountCall('OLD')} END;
  CREATE TRIGGER coverage_of_moved AFTER UPDATE OF call_id, duration_ms ON recordings
    BEGIN ${recountCall('OLD')} ${recountCall('NEW')} END;
  CREATE TRIGGER coverage_by_new AFTER INSERT ON accounts BEGIN ${recountCall('NEW')} ${recountStrange('NEW')} END;
  CREATE TRIGGER coverage_by_old AFTER DELETE ON accounts BEGIN ${recountCall('OLD')} ${recountStrange('OLD')} END;
  CREATE TRIGGER coverage_by_changed AFTER UPDATE ON accounts
    BEGIN ${(['OLD', 'NEW'] as const).map((row) => recountCall(row) + recountStrange(row)).join('')} END;
  `,
  // The recordings that a phone or line was heard in, newest first, with what was wrong with them. Their time is always that of their
  // call, also once it has become one with another.
  `
  CREATE INDEX ears_by_name ON ears (kind, name, started_at, flags);
  CREATE TRIGGER ears_of_call AFTER UPDATE OF started_at ON calls WHEN NEW.started_at <> OLD.started_at BEGIN
    UPDATE ears SET started_at = NEW.started_at WHERE recording_id IN (SELECT id FROM recordings WHERE call_id = NEW.id);
  END;
  CREATE TRIGGER ears_of_recording AFTER UPDATE OF call_id ON recordings WHEN NEW.call_id <> OLD.call_id BEGIN
    UPDATE ears SET started_at = (SELECT started_at FROM calls WHERE id = NEW.call_id)
    WHERE recording_id = NEW.id AND EXISTS (SELECT 1 FROM calls WHERE id = NEW.call_id);
  END;
  UPDATE ears SET started_at = calls.started_at FROM recordings JOIN calls ON calls.id = recordings.call_id
    WHERE recordings.id = ears.recording_id AND calls.started_at <> ears.started_at;
  `,
  // The same for how people were told, see consent-counts.ts in domain/telling.
  `
  CREATE TABLE consent_counts (
    quarter INTEGER NOT NULL,
    pbx TEXT NOT NULL,
    mode TEXT NOT NULL,
    told TEXT NOT NULL,
    answer TEXT NOT NULL,
    found TEXT NOT NULL,
    findings TEXT NOT NULL,
    by_key INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    first_answer INTEGER,
    last_end INTEGER,
    PRIMARY KEY (quarter, pbx, mode, told, answer, found, findings, by_key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE consent_due (quarter INTEGER PRIMARY KEY) STRICT;
  INSERT INTO consent_due SELECT DISTINCT ${QUARTER} FROM calls;
  CREATE TRIGGER consent_of_new AFTER INSERT ON calls WHEN NEW.ended_at IS NOT NULL BEGIN ${retoldCall('NEW')} END;
  CREATE TRIGGER consent_of_old AFTER DELETE ON calls WHEN OLD.ended_at IS NOT NULL BEGIN ${retoldCall('OLD')} END;
  CREATE TRIGGER consent_of_changed AFTER UPDATE OF id, pbx, direction, started_at, answered_at, ended_at, them, us, legs, marks,
    coverage_status, test ON calls WHEN OLD.ended_at IS NOT NULL OR NEW.ended_at IS NOT NULL
    BEGIN ${retoldCall('OLD')} ${retoldCall('NEW')} END;
  ${['accounts', 'notices', 'tellings', 'directives']
    .map(
      (table) => `
  CREATE TRIGGER consent_by_new_${table} AFTER INSERT ON ${table} BEGIN ${retold('NEW')} END;
  CREATE TRIGGER consent_by_old_${table} AFTER DELETE ON ${table} BEGIN ${retold('OLD')} END;
  CREATE TRIGGER consent_by_changed_${table} AFTER UPDATE ON ${table} BEGIN ${retold('OLD')} ${retold('NEW')} END;`,
    )
    .join('')}
  `,
  // Whether an uploaded prompt says who records, and what for.
  `
  ALTER TABLE prompts ADD COLUMN says_purpose INTEGER NOT NULL DEFAULT 0;
  `,
  // When the receipt of a request was confirmed to the person.
  `
  ALTER TABLE privacy_requests ADD COLUMN confirmed_day TEXT;
  `,
  // Of the answered calls, in how many the prompts said who records, and what for. All quarters are counted again.
  `
  DROP TABLE consent_counts;
  CREATE TABLE consent_counts (
    quarter INTEGER NOT NULL,
    pbx TEXT NOT NULL,
    mode TEXT NOT NULL,
    told TEXT NOT NULL,
    answer TEXT NOT NULL,
    found TEXT NOT NULL,
    purpose TEXT NOT NULL,
    findings TEXT NOT NULL,
    by_key INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    first_answer INTEGER,
    last_end INTEGER,
    PRIMARY KEY (quarter, pbx, mode, told, answer, found, purpose, findings, by_key)
  ) STRICT, WITHOUT ROWID;
  INSERT OR IGNORE INTO consent_due SELECT DISTINCT ${QUARTER} FROM calls;
  `,
];
