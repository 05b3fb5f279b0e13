-- name: submit
-- Stores a group of submissions in one transaction; one whose request id was used before, or whose media is not
-- there, stores nothing.
WITH asked AS (
    SELECT * FROM unnest(
        :tenant::text[], :job_id::uuid[], :kind::text[], :spec::bytea[], :media_id::uuid[], :priority::smallint[],
        :labels::jsonb[], :trace_context::text[], :request_id::uuid[], :body_sha256::bytea[],
        :keep_seconds::float8[], :queue::text[], :task_id::uuid[], :max_attempts::smallint[], :published::bool[],
        :run_time::timestamptz[], :deadline_time::timestamptz[]
    ) AS a (
        tenant, job_id, kind, spec, media_id, priority, labels, trace_context, request_id,
        body_sha256, keep_seconds, queue, task_id, max_attempts, published, run_time, deadline_time
    )
    WHERE media_id IS NULL
       OR EXISTS (SELECT FROM media WHERE media.tenant = a.tenant AND media.media_id = a.media_id)
),
remembered AS (
    INSERT INTO idempotency (tenant, request_id, body_sha256, job_id)
    SELECT tenant, request_id, body_sha256, job_id FROM asked WHERE request_id IS NOT NULL
    ON CONFLICT (tenant, request_id) DO NOTHING
    RETURNING job_id
),
fresh AS (
    SELECT * FROM asked WHERE request_id IS NULL OR job_id IN (SELECT job_id FROM remembered)
),
stored AS (
    INSERT INTO jobs (tenant, job_id, kind, spec, media_id, priority, labels, trace_context, open_tasks, expire_time, run_time, deadline_time)
    SELECT tenant, job_id, kind, spec, media_id, priority, labels, trace_context, 1,
           greatest(now(), run_time) + keep_seconds * interval '1 second', run_time, deadline_time
    FROM fresh
    RETURNING job_id, create_time, expire_time
),
queued AS (
    INSERT INTO tasks (task_id, tenant, job_id, queue, kind, priority, max_attempts, publish_time, ready_time)
    SELECT task_id, tenant, job_id, queue, kind, priority, max_attempts, CASE WHEN published THEN now() END,
           greatest(now(), run_time)
    FROM fresh
)
SELECT job_id, create_time, expire_time FROM stored;

-- name: by_request
SELECT request_id, job_id, body_sha256
FROM idempotency
WHERE tenant = :tenant AND request_id = ANY (:request_ids::uuid[]);

-- name: by_id
SELECT * FROM jobs WHERE tenant = :tenant AND job_id = ANY (:job_ids::uuid[]);

-- name: standings
SELECT job_id, state, cardinality(history) AS transition, progress
FROM jobs
WHERE (tenant, job_id) IN (SELECT * FROM unnest(:tenants::text[], :job_ids::uuid[]));

-- name: cancel
-- The tasks first, as every other writer does, so that two of them never wait for each other.
WITH stopped AS (
    UPDATE tasks SET state = 5, end_time = now(), lease_time = NULL
    WHERE tenant = :tenant AND job_id = :job_id AND state IN (0, 1, 2)
      AND (:etag = '' OR EXISTS (
          SELECT FROM jobs WHERE tenant = :tenant AND job_id = :job_id AND cardinality(history)::text = :etag))
    RETURNING task_id, attempt, worker, start_time, state
),
attempts AS (
    INSERT INTO task_attempts (task_id, attempt, worker, start_time, outcome)
    SELECT task_id, attempt, worker, start_time, 'cancelled' FROM stopped WHERE attempt > 0 AND worker IS NOT NULL
    ON CONFLICT DO NOTHING
)
UPDATE jobs SET state = 5, history = history || 5::smallint, end_time = now(), open_tasks = 0
WHERE tenant = :tenant AND job_id = :job_id AND state IN (1, 2) AND EXISTS (SELECT FROM stopped)
RETURNING *;

-- name: rerun
-- What has succeeded stays, and so does an optional task that was given up: those that needed it have gone on.
WITH reset AS (
    UPDATE tasks SET state = CASE WHEN open_needs > 0 THEN 0 ELSE 1 END, released = attempt, progress = 0,
                     ready_time = now(), publish_time = now(), start_time = NULL, end_time = NULL, worker = NULL,
                     lease_time = NULL
    WHERE tenant = :tenant AND job_id = :job_id AND (state = 5 OR state = 4 AND NOT optional)
      AND EXISTS (SELECT FROM jobs WHERE tenant = :tenant AND job_id = :job_id AND state IN (4, 5))
    RETURNING task_id, queue, priority, state
),
revived AS (
    UPDATE jobs SET state = 1, history = history || 1::smallint, progress = 0, error = NULL, end_time = NULL,
                    start_time = NULL, deadline_time = NULL, open_tasks = (SELECT count(*) FROM reset)
    WHERE tenant = :tenant AND job_id = :job_id AND state IN (4, 5) AND EXISTS (SELECT FROM reset)
    RETURNING trace_context
)
SELECT reset.task_id, reset.queue, reset.priority, revived.trace_context FROM reset, revived WHERE reset.state = 1;

-- name: delete
DELETE FROM jobs
WHERE tenant = :tenant AND job_id = :job_id AND state >= 3 AND (:etag = '' OR cardinality(history)::text = :etag)
RETURNING job_id;

-- name: results
SELECT ordinal, payload, create_time
FROM results
WHERE tenant = :tenant AND job_id = :job_id AND ordinal > :after
ORDER BY ordinal
LIMIT :count;

-- name: attempts
SELECT tasks.job_id, attempts.attempt, attempts.worker, attempts.start_time, attempts.end_time, attempts.outcome
FROM tasks JOIN task_attempts AS attempts USING (task_id)
WHERE tasks.tenant = :tenant AND tasks.job_id = ANY (:job_ids::uuid[])
ORDER BY tasks.job_id, attempts.start_time;
