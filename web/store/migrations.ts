/** How the dashboard's database came to be as it is; the number of the last one is its version. Only ever added to. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    -- Of the person, when it began: see the catalogue.
    epoch INTEGER NOT NULL,
    gains INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL,
    proofs TEXT NOT NULL,
    proved_at INTEGER NOT NULL,
    failed_before INTEGER NOT NULL,
    failed_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sessions_by_user ON sessions (user_id);
  CREATE INDEX sessions_by_end ON sessions (expires_at);

  -- What opens a session: one token, and for a moment the one before. good_until: of that one.
  CREATE TABLE tokens (
    hash TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    good_until INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tokens_by_session ON tokens (session_id);

  CREATE TABLE devices (
    user_id TEXT NOT NULL,
    device_hash TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, device_hash)
  ) STRICT, WITHOUT ROWID;

  -- Keys and pairs are hashed: somebody may have typed a password in place of a name.
  CREATE TABLE tries (key TEXT PRIMARY KEY, remaining REAL NOT NULL, at INTEGER NOT NULL, full_at INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;
  CREATE INDEX tries_by_full ON tries (full_at);
  CREATE TABLE known (pair TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX known_by_time ON known (at);

  CREATE TABLE telling (seq INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL) STRICT;
  -- The id of this database, and how many entries found no room in it since the last that did.
  CREATE TABLE source (id TEXT NOT NULL, lost INTEGER NOT NULL) STRICT;
  INSERT INTO source VALUES (lower(hex(randomblob(16))), 0);
  `,
];
