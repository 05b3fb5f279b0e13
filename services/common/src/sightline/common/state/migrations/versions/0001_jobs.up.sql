-- Jobs, tasks, results, media and keys. A job is what a client sees; a task is the unit of the queue.
-- States are the numbers of sightline.v1.Job.State: 1 queued, 2 running, 3 succeeded, 4 failed, 5 cancelled.

CREATE TABLE api_keys (
    key_id        uuid PRIMARY KEY,
    tenant        text NOT NULL,
    display_name  text NOT NULL,
    secret_sha256 bytea NOT NULL,
    scopes        text[] NOT NULL DEFAULT '{}',
    create_time   timestamptz NOT NULL DEFAULT now(),
    revoke_time   timestamptz
);

CREATE TABLE media (
    tenant       text NOT NULL,
    media_id     uuid NOT NULL,
    display_name text NOT NULL,
    content_type text NOT NULL,
    size_bytes   bigint NOT NULL,
    sha256       bytea NOT NULL,
    width_px     integer,
    height_px    integer,
    blob_key     text NOT NULL,
    upload_id    uuid,
    create_time  timestamptz NOT NULL DEFAULT now(),
    expire_time  timestamptz,
    PRIMARY KEY (tenant, media_id)
);
CREATE UNIQUE INDEX media_by_upload ON media (tenant, upload_id) WHERE upload_id IS NOT NULL;
CREATE INDEX media_expiring ON media (expire_time) WHERE expire_time IS NOT NULL;

-- Uploads that were broken off, or are under way, and can be gone on with.
CREATE TABLE uploads (
    tenant         text NOT NULL,
    upload_id      uuid NOT NULL,
    display_name   text NOT NULL,
    sha256         bytea,
    size_bytes     bigint,
    received_bytes bigint NOT NULL DEFAULT 0,
    blob_keys      text[] NOT NULL DEFAULT '{}',
    create_time    timestamptz NOT NULL DEFAULT now(),
    update_time    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, upload_id)
);

CREATE TABLE jobs (
    tenant            text NOT NULL,
    -- A UUID of version 7: its order is the order of creation, so the primary key serves the newest-first list.
    job_id            uuid NOT NULL,
    kind              text NOT NULL,
    spec              bytea NOT NULL,
    media_id          uuid,
    priority          smallint NOT NULL,
    labels            jsonb NOT NULL DEFAULT '{}',
    state             smallint NOT NULL DEFAULT 1,
    -- Every state the job has been in, in order: the length is the major part of a watcher's sequence number.
    history           smallint[] NOT NULL DEFAULT '{1}',
    progress          real NOT NULL DEFAULT 0,
    attempt_count     integer NOT NULL DEFAULT 0,
    open_tasks        integer NOT NULL,
    result_count      integer NOT NULL DEFAULT 0,
    error             bytea,
    deduplicated_from uuid,
    trace_context     text NOT NULL DEFAULT '',
    create_time       timestamptz NOT NULL DEFAULT now(),
    start_time        timestamptz,
    end_time          timestamptz,
    expire_time       timestamptz NOT NULL,
    PRIMARY KEY (tenant, job_id)
);
CREATE INDEX jobs_live ON jobs (tenant, state, job_id) WHERE state IN (1, 2);
CREATE INDEX jobs_failed ON jobs (tenant, job_id) WHERE state = 4;
CREATE INDEX jobs_labelled ON jobs USING gin (labels jsonb_path_ops) WHERE labels <> '{}';
CREATE INDEX jobs_expiring ON jobs (expire_time) WHERE state >= 3;

CREATE TABLE tasks (
    task_id      uuid PRIMARY KEY,
    tenant       text NOT NULL,
    job_id       uuid NOT NULL,
    queue        text NOT NULL,
    kind         text NOT NULL,
    state        smallint NOT NULL DEFAULT 1,
    priority     smallint NOT NULL,
    -- Counts every claim and is the fencing token: a write that names an older attempt changes nothing.
    attempt      integer NOT NULL DEFAULT 0,
    -- Claims that were handed back before the work began; they do not count towards max_attempts.
    released     integer NOT NULL DEFAULT 0,
    max_attempts smallint NOT NULL,
    progress     real NOT NULL DEFAULT 0,
    ready_time   timestamptz NOT NULL DEFAULT now(),
    publish_time timestamptz,
    lease_time   timestamptz,
    worker       text,
    create_time  timestamptz NOT NULL DEFAULT now(),
    start_time   timestamptz,
    end_time     timestamptz,
    FOREIGN KEY (tenant, job_id) REFERENCES jobs ON DELETE CASCADE
);
-- Hot paths look at live rows only: ten million finished tasks do not slow the next claim.
CREATE INDEX tasks_waiting ON tasks (queue, priority DESC, ready_time, task_id) WHERE state = 1;
CREATE INDEX tasks_running ON tasks (queue, lease_time) WHERE state = 2;
CREATE INDEX tasks_of_job ON tasks (tenant, job_id);

CREATE TABLE task_attempts (
    task_id    uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
    attempt    integer NOT NULL,
    worker     text NOT NULL,
    start_time timestamptz NOT NULL,
    end_time   timestamptz NOT NULL DEFAULT now(),
    outcome    text NOT NULL,
    error      bytea,
    PRIMARY KEY (task_id, attempt)
);

CREATE TABLE results (
    tenant      text NOT NULL,
    job_id      uuid NOT NULL,
    ordinal     integer NOT NULL,
    payload     bytea NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, job_id, ordinal),
    FOREIGN KEY (tenant, job_id) REFERENCES jobs ON DELETE CASCADE
);

CREATE TABLE idempotency (
    tenant      text NOT NULL,
    request_id  uuid NOT NULL,
    body_sha256 bytea NOT NULL,
    job_id      uuid NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, request_id)
);
CREATE INDEX idempotency_by_age ON idempotency (create_time);
