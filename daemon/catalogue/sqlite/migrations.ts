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
];
