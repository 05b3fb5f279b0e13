-- Submissions of the same work share one job: docs/decisions/deduplication.md.
ALTER TABLE jobs
    -- What is done to which bytes with what; NULL for a job that is not shared.
    ADD COLUMN work_key bytea,
    -- How many submissions have joined it.
    ADD COLUMN shares   integer NOT NULL DEFAULT 0;
-- A job that failed or was cancelled frees its key; one that succeeded is the cache of its results.
CREATE UNIQUE INDEX jobs_by_work ON jobs (tenant, work_key) WHERE work_key IS NOT NULL AND state <= 3;

-- Whether the job that a request id stands for was there before.
ALTER TABLE idempotency ADD COLUMN shared boolean NOT NULL DEFAULT false;

-- What the workers make their results with, as they say themselves again and again.
CREATE TABLE fingerprints (
    queue         text NOT NULL,
    kind          text NOT NULL,
    fingerprint   bytea NOT NULL,
    announce_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (queue, kind, fingerprint)
);

-- The fencing token of a claim. The number of the attempt does not do: the commit of a claim is not waited for, so a
-- crash of the server may undo it, and the next claim counts to the same number.
ALTER TABLE tasks ADD COLUMN claim_id uuid;
