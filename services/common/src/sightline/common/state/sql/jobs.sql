-- name: submit
-- Stores a group of submissions in one transaction. One whose request id was used before, or whose media is not there,
-- stores nothing; nor does one whose work a job does or has done, or an earlier one of the group: `join` is for it.
WITH asked AS (
    SELECT *, CASE WHEN work_sha256 IS NOT NULL THEN sha256(work_sha256 || coalesce(content, '')) END AS work_key
    FROM (
        SELECT a.*, (
                   -- The title of a document is the name of its file.
                   SELECT sha256 || CASE WHEN a.kind = 'make_document' THEN convert_to(display_name, 'UTF8') ELSE '' END
                   FROM media WHERE media.tenant = a.tenant AND media.media_id = a.media_id
               ) AS content
        FROM unnest(
            :tenant::text[], :job_id::uuid[], :kind::text[], :spec::bytea[], :media_id::uuid[], :priority::smallint[],
            :labels::jsonb[], :trace_context::text[], :request_id::uuid[], :body_sha256::bytea[],
            :keep_seconds::float8[], :queue::text[], :task_id::uuid[], :max_attempts::smallint[], :published::bool[],
            :run_time::timestamptz[], :deadline_time::timestamptz[], :work_sha256::bytea[]
        ) AS a (
            tenant, job_id, kind, spec, media_id, priority, labels, trace_context, request_id, body_sha256,
            keep_seconds, queue, task_id, max_attempts, published, run_time, deadline_time, work_sha256
        )
        OFFSET 0
    ) AS a
    WHERE CASE WHEN media_id IS NULL THEN true ELSE content IS NOT NULL END
      AND CASE WHEN request_id IS NULL THEN true ELSE (
              SELECT job_id FROM idempotency AS i WHERE i.tenant = a.tenant AND i.request_id = a.request_id
          ) IS NULL END
),
stored AS (
    INSERT INTO jobs (
        tenant, job_id, kind, spec, media_id, priority, labels, trace_context, open_tasks, expire_time, run_time,
        deadline_time, work_key
    )
    SELECT tenant, job_id, kind, spec, media_id, priority, labels, trace_context, 1,
           greatest(now(), run_time) + keep_seconds * interval '1 second', run_time, deadline_time, work_key
    FROM asked
    ON CONFLICT (tenant, work_key) WHERE work_key IS NOT NULL AND state <= 3 DO NOTHING
    RETURNING job_id AS stored_id, create_time, expire_time
),
-- A full join, though nothing is left over on one side: it is never made by comparing every row of the group with
-- every other, whatever the planner expects.
placed AS (
    SELECT * FROM asked FULL JOIN stored ON stored_id = job_id
),
queued AS (
    INSERT INTO tasks (task_id, tenant, job_id, queue, kind, priority, max_attempts, publish_time, ready_time)
    SELECT task_id, tenant, job_id, queue, kind, priority, max_attempts, CASE WHEN published THEN now() END,
           greatest(now(), run_time)
    FROM placed WHERE stored_id IS NOT NULL
),
-- One that another transaction remembers at this moment is an error, and the whole group is tried again.
remembered AS (
    INSERT INTO idempotency (tenant, request_id, body_sha256, job_id)
    SELECT tenant, request_id, body_sha256, job_id FROM placed WHERE stored_id IS NOT NULL AND request_id IS NOT NULL
)
SELECT stored_id AS job_id, create_time, expire_time FROM stored;

-- name: join
-- Lets submissions share the jobs that do their work, or have done it: docs/decisions/deduplication.md. One without a
-- job has none to share (any more) and is to be stored; one without a row has no media, or is a repeat. A job that
-- names media which is gone is not shared, and gives up its key.
WITH asked AS (
    SELECT *, sha256(work_sha256 || coalesce(content, '')) AS work_key
    FROM (
        SELECT a.*, (
                   -- The title of a document is the name of its file.
                   SELECT sha256 || CASE WHEN a.kind = 'make_document' THEN convert_to(display_name, 'UTF8') ELSE '' END
                   FROM media WHERE media.tenant = a.tenant AND media.media_id = a.media_id
               ) AS content
        FROM unnest(
            :tenant::text[], :job_id::uuid[], :kind::text[], :media_id::uuid[], :priority::smallint[],
            :request_id::uuid[], :body_sha256::bytea[], :keep_seconds::float8[], :work_sha256::bytea[]
        ) AS a (tenant, asked_id, kind, media_id, priority, request_id, body_sha256, keep_seconds, work_sha256)
        OFFSET 0
    ) AS a
    WHERE CASE WHEN media_id IS NULL THEN true ELSE content IS NOT NULL END
      AND CASE WHEN request_id IS NULL THEN true ELSE (
              SELECT job_id FROM idempotency AS i WHERE i.tenant = a.tenant AND i.request_id = a.request_id
          ) IS NULL END
),
works AS (
    SELECT tenant, work_key, count(*) AS shares, max(priority) AS priority, max(keep_seconds) AS keep_seconds
    FROM asked GROUP BY tenant, work_key
),
found AS (
    SELECT jobs.tenant, jobs.job_id, jobs.priority AS former_priority, works.shares, works.priority,
           works.keep_seconds,
           -- Every file that it names: its work may need them yet, and its clients may want them.
           NOT EXISTS (
               SELECT FROM regexp_matches(
                   encode(jobs.spec, 'escape'), 'media/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})', 'g') AS named
               WHERE NOT EXISTS (
                   SELECT FROM media WHERE media.tenant = jobs.tenant AND media.media_id = named[1]::uuid)
           ) AS whole
    FROM works JOIN jobs ON jobs.tenant = works.tenant AND jobs.work_key = works.work_key
    WHERE jobs.work_key IS NOT NULL AND jobs.state <= 3
    ORDER BY jobs.job_id
    FOR UPDATE OF jobs
),
joined AS (
    UPDATE jobs SET
        work_key = CASE WHEN whole THEN jobs.work_key END,
        shares = CASE WHEN whole THEN jobs.shares + found.shares ELSE jobs.shares END,
        priority = CASE WHEN whole AND state < 3 THEN greatest(jobs.priority, found.priority) ELSE jobs.priority END,
        expire_time = CASE WHEN whole THEN greatest(jobs.expire_time, now() + keep_seconds * interval '1 second')
                           ELSE jobs.expire_time END
    FROM found
    WHERE jobs.tenant = found.tenant AND jobs.job_id = found.job_id
    RETURNING jobs.tenant, jobs.job_id, jobs.work_key, jobs.create_time, jobs.expire_time,
              jobs.priority > former_priority AS raised
),
placed AS (
    SELECT * FROM asked FULL JOIN joined USING (tenant, work_key)
),
remembered AS (
    INSERT INTO idempotency (tenant, request_id, body_sha256, job_id, shared)
    SELECT tenant, request_id, body_sha256, job_id, true FROM placed
    WHERE request_id IS NOT NULL AND job_id IS NOT NULL
)
SELECT asked_id, job_id, create_time, expire_time, raised FROM placed WHERE asked_id IS NOT NULL;

-- name: hurry
-- Lets the waiting tasks of jobs follow the priority of their job, and names those that are to be published again.
WITH hurried AS (
    UPDATE tasks SET priority = jobs.priority, publish_time = CASE WHEN tasks.state = 1 THEN now() END
    FROM jobs
    WHERE (jobs.tenant, jobs.job_id) IN (SELECT * FROM unnest(:tenants::text[], :job_ids::uuid[]))
      AND tasks.tenant = jobs.tenant AND tasks.job_id = jobs.job_id
      AND tasks.state <= 1 AND tasks.priority < jobs.priority
    RETURNING tasks.task_id, tasks.queue, tasks.priority, jobs.trace_context, tasks.state
)
SELECT task_id, queue, priority, trace_context FROM hurried WHERE state = 1;

-- name: by_request
SELECT request_id, job_id, body_sha256, shared
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
          SELECT FROM jobs WHERE tenant = :tenant AND job_id = :job_id
          AND cardinality(history) || CASE WHEN shares > 0 THEN '.' || shares ELSE '' END = :etag))
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

-- name: stop_rest
-- Stops what was planned for jobs in the moment in which they were ended: it was not there yet when that looked.
WITH stopped AS (
    UPDATE tasks SET state = 5, end_time = now(), lease_time = NULL
    WHERE (tenant, job_id) IN (SELECT * FROM unnest(:tenants::text[], :job_ids::uuid[])) AND state IN (0, 1, 2)
    RETURNING task_id, attempt, worker, start_time
)
INSERT INTO task_attempts (task_id, attempt, worker, start_time, outcome)
SELECT task_id, attempt, worker, start_time, 'cancelled' FROM stopped WHERE attempt > 0 AND worker IS NOT NULL
ON CONFLICT DO NOTHING;

-- name: rerun
-- What has succeeded stays, and so does an optional task that was given up: those that needed it have gone on.
WITH reset AS (
    UPDATE tasks SET state = CASE WHEN open_needs > 0 THEN 0 ELSE 1 END, released = attempt, progress = 0,
                     ready_time = now(), publish_time = CASE WHEN open_needs = 0 THEN now() END, start_time = NULL,
                     end_time = NULL, worker = NULL, lease_time = NULL
    WHERE tenant = :tenant AND job_id = :job_id AND (state = 5 OR state = 4 AND NOT optional)
      AND EXISTS (SELECT FROM jobs WHERE tenant = :tenant AND job_id = :job_id AND state IN (4, 5))
    RETURNING task_id, queue, priority, state
),
revived AS (
    UPDATE jobs SET state = 1, history = history || 1::smallint, progress = 0, error = NULL, end_time = NULL,
                    start_time = NULL, deadline_time = NULL, open_tasks = (SELECT count(*) FROM reset),
                    -- One that is run again in its last hours would be purged the moment it ends.
                    expire_time = greatest(expire_time, now() + :keep_seconds * interval '1 second'),
                    attempt_count = (
                        SELECT coalesce(max(attempt - released), 0) FROM tasks
                        WHERE tenant = :tenant AND job_id = :job_id AND task_id NOT IN (SELECT task_id FROM reset)),
                    -- It runs on its own: the same work may be under way meanwhile, or be done with another model.
                    work_key = NULL
    WHERE tenant = :tenant AND job_id = :job_id AND state IN (4, 5) AND EXISTS (SELECT FROM reset)
    RETURNING trace_context
)
SELECT reset.task_id, reset.queue, reset.priority, revived.trace_context FROM reset, revived WHERE reset.state = 1;

-- name: delete
DELETE FROM jobs
WHERE tenant = :tenant AND job_id = :job_id AND state >= 3
  AND (:etag = '' OR cardinality(history) || CASE WHEN shares > 0 THEN '.' || shares ELSE '' END = :etag)
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
