"""Today's schema, from which a new file is made at once and without sqlite-utils.

Invariant: exactly what the migrations make of an empty file. Written by ``python -m mlintern.store.migrations``.
"""

# ruff: noqa: E501 - the statements are as sqlite-utils and the migrations wrote them

STATEMENTS = (
    """
CREATE TABLE experiments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    script TEXT NOT NULL,
    module TEXT,
    args TEXT NOT NULL,
    working_dir TEXT NOT NULL,
    python TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    declared_steps INTEGER,
    budget_seconds REAL,
    created_at REAL NOT NULL
, "host_limit_bytes" INTEGER, "disk_limit_bytes" INTEGER, "device_limit_bytes" INTEGER, "budget_gpu_seconds" REAL, "budget_joules" REAL, "budget_usd" REAL)
""",
    """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    rung TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    created_at REAL NOT NULL,
    started_at REAL,
    ended_at REAL,
    supervisor_pid INTEGER,
    supervisor_started REAL,
    ceiling_seconds REAL,
    exit_code INTEGER,
    signal INTEGER,
    isolation TEXT,
    folder TEXT NOT NULL,
    steps INTEGER,
    planned_steps INTEGER,
    last_loss REAL,
    wall_seconds REAL,
    cpu_seconds REAL,
    peak_host_bytes INTEGER,
    peak_device_bytes INTEGER,
    energy_joules REAL,
    usd REAL
, "gpu_seconds" REAL, "usd_per_hour" REAL, "usd_per_kwh" REAL)
""",
    """
CREATE TABLE rungs (
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    why TEXT,
    run_id INTEGER REFERENCES runs (id),
    seconds REAL,
    updated_at REAL NOT NULL,
    PRIMARY KEY (experiment_id, name)
) WITHOUT ROWID
""",
    """
CREATE TABLE forecasts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    rung TEXT NOT NULL,
    source_run_id INTEGER REFERENCES runs (id),
    created_at REAL NOT NULL,
    seconds TEXT,
    cpu_seconds TEXT,
    steps INTEGER,
    steps_exact INTEGER NOT NULL,
    peak_host_bytes TEXT,
    peak_device_bytes TEXT,
    energy_joules TEXT,
    usd TEXT,
    unknown TEXT NOT NULL
, "gpu_seconds" TEXT, "basis" TEXT)
""",
    """
CREATE TABLE approvals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    rung TEXT NOT NULL,
    forecast_id INTEGER REFERENCES forecasts (id),
    decision TEXT NOT NULL,
    ceiling_seconds REAL,
    reason TEXT,
    decided_by TEXT NOT NULL,
    decided_at REAL NOT NULL,
    used_by_run_id INTEGER UNIQUE REFERENCES runs (id),
    token_hash TEXT
, "extends_run_id" INTEGER)
""",
    """
CREATE TABLE findings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    run_id INTEGER REFERENCES runs (id),
    code TEXT NOT NULL,
    severity TEXT NOT NULL,
    rung TEXT NOT NULL,
    message TEXT NOT NULL,
    evidence TEXT NOT NULL,
    file TEXT,
    line INTEGER,
    fix TEXT
)
""",
    """
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    name TEXT NOT NULL,
    UNIQUE (run_id, name)
)
""",
    """
CREATE TABLE metrics (
    series_id INTEGER NOT NULL REFERENCES series (id),
    step INTEGER NOT NULL,
    nth INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (series_id, step, nth)
) WITHOUT ROWID
""",
    """
CREATE TABLE samples (
    run_id INTEGER NOT NULL REFERENCES runs (id),
    elapsed_seconds REAL NOT NULL,
    cpu_cores REAL NOT NULL,
    host_bytes INTEGER NOT NULL,
    host_available_bytes INTEGER NOT NULL,
    disk_written_bytes INTEGER NOT NULL,
    gpus TEXT NOT NULL,
    PRIMARY KEY (run_id, elapsed_seconds)
) WITHOUT ROWID
""",
    """
CREATE TABLE reports (
    run_id INTEGER NOT NULL REFERENCES runs (id),
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (run_id, kind)
)
""",
    """
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    experiment_id INTEGER REFERENCES experiments (id),
    run_id INTEGER REFERENCES runs (id),
    kind TEXT NOT NULL,
    data TEXT NOT NULL
)
""",
    """
CREATE INDEX experiments_by_script ON experiments (script)
""",
    """
CREATE INDEX experiments_by_name ON experiments (name)
""",
    """
CREATE INDEX runs_by_experiment ON runs (experiment_id)
""",
    """
CREATE INDEX runs_by_status ON runs (status)
""",
    """
CREATE INDEX runs_by_rung ON runs (rung)
""",
    """
CREATE INDEX runs_by_end ON runs (ended_at)
""",
    """
CREATE INDEX runs_by_wall ON runs (wall_seconds)
""",
    """
CREATE INDEX runs_by_loss ON runs (last_loss)
""",
    """
CREATE INDEX runs_by_usd ON runs (usd)
""",
    """
CREATE INDEX forecasts_by_rung ON forecasts (experiment_id, rung)
""",
    """
CREATE INDEX approvals_by_rung ON approvals (experiment_id, rung)
""",
    """
CREATE INDEX findings_by_rung ON findings (experiment_id, rung)
""",
    """
CREATE INDEX events_by_experiment ON events (experiment_id)
""",
    """
CREATE INDEX events_by_run ON events (run_id)
""",
    """
CREATE TRIGGER events_keep_on_update BEFORE UPDATE ON events BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END
""",
    """
CREATE TRIGGER events_keep_on_delete BEFORE DELETE ON events BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END
""",
    """
CREATE TRIGGER events_keep_on_replace BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id) BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END
""",
    """
CREATE TRIGGER approvals_keep_on_update BEFORE UPDATE OF
    id, experiment_id, rung, forecast_id, decision, ceiling_seconds, reason, decided_by, decided_at, token_hash
ON approvals BEGIN
    SELECT RAISE(ABORT, 'a decision is never changed');
END
""",
    """
CREATE TRIGGER approvals_spent_once BEFORE UPDATE OF used_by_run_id ON approvals
WHEN OLD.used_by_run_id IS NOT NULL OR OLD.decision != 'approved' BEGIN
    SELECT RAISE(ABORT, 'an approval is spent once');
END
""",
    """
CREATE TRIGGER approvals_keep_on_delete BEFORE DELETE ON approvals BEGIN
    SELECT RAISE(ABORT, 'a decision is never deleted');
END
""",
    """
CREATE VIRTUAL TABLE "experiments_fts" USING FTS5 (
    "name", "script", "module", "args", "working_dir",
    tokenize='unicode61 remove_diacritics 2',
    content="experiments"
)
""",
    """
CREATE TRIGGER "experiments_ai" AFTER INSERT ON "experiments" BEGIN
  INSERT INTO "experiments_fts" (rowid, "name", "script", "module", "args", "working_dir") VALUES (new.rowid, new."name", new."script", new."module", new."args", new."working_dir");
END
""",
    """
CREATE TRIGGER "experiments_ad" AFTER DELETE ON "experiments" BEGIN
  INSERT INTO "experiments_fts" ("experiments_fts", rowid, "name", "script", "module", "args", "working_dir") VALUES('delete', old.rowid, old."name", old."script", old."module", old."args", old."working_dir");
END
""",
    """
CREATE TRIGGER "experiments_au" AFTER UPDATE ON "experiments" BEGIN
  INSERT INTO "experiments_fts" ("experiments_fts", rowid, "name", "script", "module", "args", "working_dir") VALUES('delete', old.rowid, old."name", old."script", old."module", old."args", old."working_dir");
  INSERT INTO "experiments_fts" (rowid, "name", "script", "module", "args", "working_dir") VALUES (new.rowid, new."name", new."script", new."module", new."args", new."working_dir");
END
""",
    """
CREATE VIRTUAL TABLE run_reasons USING fts5 (reason, content = 'runs', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2')
""",
    """
CREATE TRIGGER run_reasons_insert AFTER INSERT ON runs WHEN NEW.reason IS NOT NULL BEGIN
    INSERT INTO run_reasons (rowid, reason) VALUES (NEW.id, NEW.reason);
END
""",
    """
CREATE TRIGGER run_reasons_update AFTER UPDATE OF reason ON runs WHEN NEW.reason IS NOT OLD.reason BEGIN
    INSERT INTO run_reasons (run_reasons, rowid, reason)
        SELECT 'delete', OLD.id, OLD.reason WHERE OLD.reason IS NOT NULL;
    INSERT INTO run_reasons (rowid, reason) SELECT NEW.id, NEW.reason WHERE NEW.reason IS NOT NULL;
END
""",
    """
CREATE TRIGGER run_reasons_delete AFTER DELETE ON runs WHEN OLD.reason IS NOT NULL BEGIN
    INSERT INTO run_reasons (run_reasons, rowid, reason) VALUES ('delete', OLD.id, OLD.reason);
END
""",
    """
CREATE TABLE log_chunks (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    byte_offset INTEGER NOT NULL,
    UNIQUE (run_id, byte_offset)
)
""",
    """
CREATE VIRTUAL TABLE log_texts USING fts5 (text, content = '', tokenize = 'unicode61 remove_diacritics 2')
""",
    """
CREATE TRIGGER approvals_keep_extension BEFORE UPDATE OF extends_run_id ON approvals BEGIN
    SELECT RAISE(ABORT, 'a decision is never changed');
END
""",
    """
CREATE TABLE acceptances (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    fingerprint TEXT NOT NULL,
    code TEXT NOT NULL,
    file TEXT,
    message TEXT NOT NULL,
    reason TEXT NOT NULL,
    accepted_by TEXT NOT NULL,
    created_at REAL NOT NULL,
    withdrawn_at REAL
)
""",
    """
CREATE UNIQUE INDEX acceptances_that_hold ON acceptances (experiment_id, fingerprint) WHERE withdrawn_at IS NULL
""",
    """
CREATE TABLE remedies (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER REFERENCES experiments (id),
    run_id INTEGER REFERENCES runs (id),
    subject TEXT NOT NULL,
    evidence TEXT NOT NULL,
    remedy TEXT NOT NULL,
    hypothesis TEXT NOT NULL,
    outcome TEXT NOT NULL,
    created_at REAL NOT NULL
)
""",
    """
CREATE INDEX remedies_by_evidence ON remedies (subject, evidence)
""",
    """
CREATE TRIGGER remedies_keep_on_delete BEFORE DELETE ON remedies BEGIN
    SELECT RAISE(ABORT, 'what was tried is never forgotten');
END
""",
    """
CREATE TRIGGER acceptances_keep_on_delete BEFORE DELETE ON acceptances BEGIN
    SELECT RAISE(ABORT, 'what was accepted is withdrawn, never deleted');
END
""",
    """
CREATE TABLE sweeps (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    approval_id INTEGER NOT NULL UNIQUE REFERENCES approvals (id),
    status TEXT NOT NULL,
    why TEXT,
    space TEXT NOT NULL,
    metric TEXT NOT NULL,
    maximise INTEGER NOT NULL,
    insisted INTEGER NOT NULL,
    seeds INTEGER NOT NULL,
    workers INTEGER NOT NULL,
    ceiling_seconds REAL NOT NULL,
    trial_seconds TEXT NOT NULL,
    setup_seconds REAL NOT NULL,
    length TEXT,
    seed_flag TEXT,
    created_at REAL NOT NULL,
    ended_at REAL,
    conductor_pid INTEGER,
    conductor_started REAL,
    summary TEXT
)
""",
    """
CREATE INDEX sweeps_by_experiment ON sweeps (experiment_id)
""",
    """
CREATE TABLE trials (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sweep_id INTEGER NOT NULL REFERENCES sweeps (id),
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    origin TEXT NOT NULL,
    parameters TEXT NOT NULL,
    length INTEGER,
    seed INTEGER,
    run_id INTEGER NOT NULL UNIQUE REFERENCES runs (id),
    value REAL,
    cost_seconds REAL,
    why TEXT,
    created_at REAL NOT NULL,
    ended_at REAL,
    UNIQUE (sweep_id, number)
)
""",
    """
CREATE TRIGGER sweeps_keep_on_delete BEFORE DELETE ON sweeps BEGIN
    SELECT RAISE(ABORT, 'a sweep is never forgotten');
END
""",
    """
CREATE TRIGGER sweeps_keep_on_update BEFORE UPDATE OF
    id, experiment_id, approval_id, space, metric, maximise, insisted, ceiling_seconds, created_at
ON sweeps BEGIN
    SELECT RAISE(ABORT, 'what was approved is never changed');
END
""",
    """
CREATE TRIGGER trials_keep_on_delete BEFORE DELETE ON trials BEGIN
    SELECT RAISE(ABORT, 'a trial is never forgotten');
END
""",
    """
CREATE TRIGGER trials_keep_on_update BEFORE UPDATE OF sweep_id, number, parameters, length, seed, run_id ON trials BEGIN
    SELECT RAISE(ABORT, 'what was tried is never changed');
END
""",
    """
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER REFERENCES experiments (id),
    run_id INTEGER REFERENCES runs (id),
    kind TEXT NOT NULL,
    asked TEXT NOT NULL,
    evidence TEXT NOT NULL,
    created_at REAL NOT NULL
)
""",
    """
CREATE INDEX decisions_of_an_experiment ON decisions (experiment_id, kind)
""",
    """
CREATE TABLE answers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    decision_id INTEGER NOT NULL REFERENCES decisions (id),
    answered_by TEXT NOT NULL,
    model TEXT,
    model_fingerprint TEXT,
    answer TEXT,
    reason TEXT,
    scores TEXT,
    attempts INTEGER NOT NULL,
    problem TEXT,
    seconds REAL,
    created_at REAL NOT NULL
)
""",
    """
CREATE INDEX answers_to_a_decision ON answers (decision_id)
""",
    """
CREATE TABLE model_trials (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    fingerprint TEXT NOT NULL,
    runtime TEXT NOT NULL,
    outcome TEXT NOT NULL,
    extra_buffers INTEGER NOT NULL,
    prompt_tokens_per_second REAL,
    tokens_per_second REAL,
    detail TEXT,
    created_at REAL NOT NULL
)
""",
    """
CREATE INDEX model_trials_of_a_model ON model_trials (fingerprint, runtime)
""",
    """
CREATE TRIGGER decisions_keep_on_update BEFORE UPDATE ON decisions BEGIN
    SELECT RAISE(ABORT, 'what was asked is never changed');
END
""",
    """
CREATE TRIGGER decisions_keep_on_delete BEFORE DELETE ON decisions BEGIN
    SELECT RAISE(ABORT, 'what was asked is never deleted');
END
""",
    """
CREATE TRIGGER answers_keep_on_update BEFORE UPDATE ON answers BEGIN
    SELECT RAISE(ABORT, 'an answer is overruled, never changed');
END
""",
    """
CREATE TRIGGER answers_keep_on_delete BEFORE DELETE ON answers BEGIN
    SELECT RAISE(ABORT, 'an answer is overruled, never deleted');
END
""",
    """
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace TEXT NOT NULL,
    created_at REAL NOT NULL
)
""",
    """
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    tool TEXT,
    arguments TEXT,
    answers INTEGER UNIQUE REFERENCES messages (id),
    outcome TEXT,
    facts TEXT NOT NULL,
    model TEXT,
    model_fingerprint TEXT,
    created_at REAL NOT NULL,
    UNIQUE (conversation_id, number)
)
""",
    """
CREATE TRIGGER conversations_keep_on_update BEFORE UPDATE ON conversations BEGIN
    SELECT RAISE(ABORT, 'a conversation is never changed');
END
""",
    """
CREATE TRIGGER conversations_keep_on_delete BEFORE DELETE ON conversations BEGIN
    SELECT RAISE(ABORT, 'a conversation is never deleted');
END
""",
    """
CREATE TRIGGER messages_keep_on_update BEFORE UPDATE ON messages BEGIN
    SELECT RAISE(ABORT, 'what was said is never changed');
END
""",
    """
CREATE TRIGGER messages_keep_on_delete BEFORE DELETE ON messages BEGIN
    SELECT RAISE(ABORT, 'what was said is never deleted');
END
""",
    """
CREATE TABLE confirmations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    approval_id INTEGER NOT NULL UNIQUE REFERENCES approvals (id),
    chosen_run_id INTEGER NOT NULL REFERENCES runs (id),
    against_run_id INTEGER REFERENCES runs (id),
    status TEXT NOT NULL,
    why TEXT,
    metric TEXT NOT NULL,
    target REAL,
    target_says TEXT,
    seed_flag TEXT NOT NULL,
    seeds TEXT NOT NULL,
    checks TEXT NOT NULL,
    resume_flag TEXT,
    looked_at INTEGER NOT NULL,
    ceiling_seconds REAL NOT NULL,
    run_seconds TEXT NOT NULL,
    differences TEXT NOT NULL,
    created_at REAL NOT NULL,
    ended_at REAL,
    conductor_pid INTEGER,
    conductor_started REAL,
    summary TEXT
)
""",
    """
CREATE INDEX confirmations_by_experiment ON confirmations (experiment_id)
""",
    """
CREATE TABLE repeats (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    confirmation_id INTEGER NOT NULL REFERENCES confirmations (id),
    number INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    seed INTEGER NOT NULL,
    args TEXT NOT NULL,
    run_id INTEGER NOT NULL UNIQUE REFERENCES runs (id),
    created_at REAL NOT NULL,
    UNIQUE (confirmation_id, number)
)
""",
    """
CREATE TABLE sealed_labels (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    script TEXT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    "rows" INTEGER NOT NULL,
    created_at REAL NOT NULL
)
""",
    """
CREATE TRIGGER sealed_labels_keep_on_update BEFORE UPDATE ON sealed_labels BEGIN
    SELECT RAISE(ABORT, 'sealed labels are never exchanged');
END
""",
    """
CREATE TRIGGER sealed_labels_keep_on_delete BEFORE DELETE ON sealed_labels BEGIN
    SELECT RAISE(ABORT, 'sealed labels are never forgotten');
END
""",
    """
CREATE TRIGGER confirmations_keep_on_delete BEFORE DELETE ON confirmations BEGIN
    SELECT RAISE(ABORT, 'a confirmation is never forgotten');
END
""",
    """
CREATE TRIGGER confirmations_keep_on_update BEFORE UPDATE OF
    id, experiment_id, approval_id, chosen_run_id, against_run_id, metric, target, seed_flag, seeds, checks, looked_at,
    ceiling_seconds, created_at
ON confirmations BEGIN
    SELECT RAISE(ABORT, 'what is to be claimed is never changed after it was approved');
END
""",
    """
CREATE TRIGGER repeats_keep_on_delete BEFORE DELETE ON repeats BEGIN
    SELECT RAISE(ABORT, 'a run of a confirmation is never forgotten');
END
""",
    """
CREATE TRIGGER repeats_keep_on_update BEFORE UPDATE ON repeats BEGIN
    SELECT RAISE(ABORT, 'a run of a confirmation is never changed');
END
""",
)
