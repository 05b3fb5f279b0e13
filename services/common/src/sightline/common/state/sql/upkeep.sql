-- name: end_leases
-- Takes tasks back from workers that went silent; the attempt counts, and the last one ends the job.
WITH silent AS (
    SELECT task_id FROM tasks WHERE state = 2 AND lease_time < now()
    ORDER BY task_id LIMIT :count FOR UPDATE SKIP LOCKED
),
taken AS (
    UPDATE tasks SET
        -- An optional task goes back once more: the worker that claims it gives it up and lets the others go on.
        state = CASE WHEN optional OR attempt - released < max_attempts THEN 1 ELSE 4 END,
        end_time = CASE WHEN optional OR attempt - released < max_attempts THEN NULL ELSE now() END,
        ready_time = now(), publish_time = NULL, lease_time = NULL, lost = true
    FROM silent WHERE tasks.task_id = silent.task_id
    RETURNING tasks.task_id, tasks.tenant, tasks.job_id, tasks.queue, tasks.attempt, tasks.worker, tasks.start_time,
              tasks.state
),
outcomes AS (
    SELECT DISTINCT ON (tenant, job_id) tenant, job_id, state FROM taken ORDER BY tenant, job_id, state DESC
),
stopped AS (
    UPDATE tasks SET state = 5, end_time = now(), lease_time = NULL
    FROM outcomes
    WHERE outcomes.state = 4 AND tasks.tenant = outcomes.tenant AND tasks.job_id = outcomes.job_id
      AND tasks.state IN (0, 1, 2) AND tasks.task_id NOT IN (SELECT task_id FROM taken)
    RETURNING tasks.task_id, tasks.attempt, tasks.worker, tasks.start_time
),
told AS (
    UPDATE jobs SET
        state = outcomes.state,
        history = CASE WHEN jobs.state = outcomes.state THEN history ELSE history || outcomes.state END,
        error = CASE WHEN outcomes.state = 4 THEN :error::bytea END,
        progress = CASE WHEN outcomes.state = 4 THEN progress ELSE 0 END,
        open_tasks = CASE WHEN outcomes.state = 4 THEN 0 ELSE open_tasks END,
        end_time = CASE WHEN outcomes.state = 4 THEN now() END
    FROM outcomes
    WHERE jobs.tenant = outcomes.tenant AND jobs.job_id = outcomes.job_id AND jobs.state IN (1, 2)
      AND (outcomes.state = 4 OR jobs.open_tasks = 1)
    RETURNING jobs.job_id, jobs.state, cardinality(history) AS transition
),
attempts AS (
    INSERT INTO task_attempts (task_id, attempt, worker, start_time, outcome)
    SELECT task_id, attempt, coalesce(worker, ''), start_time, 'lease_lost' FROM taken
    UNION ALL
    SELECT task_id, attempt, worker, start_time, 'cancelled' FROM stopped WHERE attempt > 0 AND worker IS NOT NULL
    ON CONFLICT DO NOTHING
)
SELECT taken.task_id, taken.tenant, taken.job_id, taken.queue, taken.state, told.transition
FROM taken LEFT JOIN told ON told.job_id = taken.job_id;

-- name: end_overdue
-- Ends jobs whose deadline has passed; whoever still works on them finds out at the next heartbeat.
WITH late AS (
    SELECT tenant, job_id FROM jobs
    WHERE deadline_time < now() AND state IN (1, 2)
    ORDER BY deadline_time LIMIT :count
),
stopped AS (
    UPDATE tasks SET state = 5, end_time = now(), lease_time = NULL
    FROM late
    WHERE tasks.tenant = late.tenant AND tasks.job_id = late.job_id AND tasks.state IN (0, 1, 2)
    RETURNING tasks.task_id, tasks.attempt, tasks.worker, tasks.start_time
),
attempts AS (
    INSERT INTO task_attempts (task_id, attempt, worker, start_time, outcome)
    SELECT task_id, attempt, worker, start_time, 'cancelled' FROM stopped WHERE attempt > 0 AND worker IS NOT NULL
    ON CONFLICT DO NOTHING
)
UPDATE jobs SET state = 4, history = history || 4::smallint, error = :error, open_tasks = 0, end_time = now()
FROM late
WHERE jobs.tenant = late.tenant AND jobs.job_id = late.job_id AND jobs.state IN (1, 2)
RETURNING jobs.tenant, jobs.job_id, jobs.state, cardinality(history) AS transition, planned;

-- name: queues_with_work
SELECT wanted.queue FROM unnest(:queues::text[]) AS wanted (queue)
WHERE EXISTS (SELECT FROM tasks WHERE tasks.queue = wanted.queue AND state = 1 AND ready_time <= now());

-- name: publishable
-- The row is the outbox: what waits and was never published, or so long ago that the message must be lost. Tenants
-- take turns, so that a flood of one delays the others by its turns and not by its length; who was served last comes
-- last, for there may be room for one message at a time.
-- What ageing has raised goes ahead of what was not: it takes along whatever comes before it in turn, or the old
-- flood of one tenant would hold up what the others ask for now.
WITH RECURSIVE tenants AS (
    (SELECT tenant FROM tasks WHERE queue = :queue AND state = 1 ORDER BY tenant LIMIT 1)
    UNION ALL
    SELECT (SELECT tasks.tenant FROM tasks
            WHERE queue = :queue AND state = 1 AND tasks.tenant > tenants.tenant ORDER BY tasks.tenant LIMIT 1)
    FROM tenants WHERE tenants.tenant IS NOT NULL
),
served AS (
    SELECT * FROM unnest(:served::text[]) WITH ORDINALITY AS s (tenant, latest)
),
due AS (
    SELECT t.task_id,
           row_number() OVER (ORDER BY t.turn, served.latest NULLS FIRST, t.priority DESC, t.ready_time) AS place,
           least(10, t.priority - t.aged + max(t.aged) OVER (ORDER BY t.turn DESC)) AS priority
    FROM tenants CROSS JOIN LATERAL (
        SELECT task_id, priority, aged, ready_time,
               row_number() OVER (ORDER BY priority DESC, ready_time, task_id) AS turn
        FROM tasks
        WHERE queue = :queue AND tasks.tenant = tenants.tenant AND state = 1 AND ready_time <= now()
          AND (publish_time IS NULL OR publish_time < now() - :older_seconds * interval '1 second')
        ORDER BY priority DESC, ready_time, task_id
        LIMIT :count
    ) AS t
    LEFT JOIN served ON served.tenant = tenants.tenant
    WHERE tenants.tenant IS NOT NULL
    ORDER BY place
    LIMIT :count
),
published AS (
    UPDATE tasks SET publish_time = now()
    FROM due, jobs
    WHERE tasks.task_id = due.task_id AND tasks.state = 1
      AND jobs.tenant = tasks.tenant AND jobs.job_id = tasks.job_id
    RETURNING tasks.task_id, tasks.tenant, due.priority, jobs.trace_context, due.place
)
SELECT task_id, tenant, priority, trace_context FROM published ORDER BY place;

-- name: age
-- What has waited long becomes more urgent, and is published again on its new step: nothing starves.
WITH old AS (
    SELECT task_id FROM tasks
    WHERE state = 1 AND priority < 10 AND ready_time < now() - (aged + 1) * :step_seconds * interval '1 second'
    ORDER BY ready_time
    LIMIT :count
    FOR UPDATE SKIP LOCKED
)
UPDATE tasks SET priority = priority + 1, aged = aged + 1, publish_time = NULL
FROM old WHERE tasks.task_id = old.task_id
RETURNING tasks.task_id;

-- name: published
SELECT count(*) FROM tasks
WHERE queue = :queue AND state = 1 AND ready_time <= now()
  AND publish_time < now() - :older_seconds * interval '1 second';

-- name: depths
-- Each half by the partial index of its state: asked for both states at once, every finished task would be read.
SELECT queue, sum(waiting)::bigint AS waiting, sum(running)::bigint AS running,
       coalesce(extract(epoch FROM now() - min(oldest)), 0)::float8 AS oldest_seconds
FROM (
    SELECT queue, count(*) AS waiting, 0 AS running, min(ready_time) AS oldest
    FROM tasks WHERE state = 1 AND ready_time <= now() GROUP BY queue
    UNION ALL
    SELECT queue, 0, count(*), NULL FROM tasks WHERE state = 2 GROUP BY queue
) AS halves
GROUP BY queue;

-- name: purge_jobs
DELETE FROM jobs
WHERE (tenant, job_id) IN (
    SELECT tenant, job_id FROM jobs WHERE state >= 3 AND expire_time < now() ORDER BY expire_time LIMIT :count
)
-- Once more, for one that a submission has joined meanwhile, or that runs again.
  AND state >= 3 AND expire_time < now()
RETURNING job_id;

-- name: purge_requests
DELETE FROM idempotency
WHERE (tenant, request_id) IN (
    SELECT tenant, request_id FROM idempotency
    WHERE create_time < now() - :older_seconds * interval '1 second' ORDER BY create_time LIMIT :count
)
RETURNING request_id;

-- name: lead
SELECT pg_try_advisory_lock(:key);

-- name: check
SELECT 1;

-- name: notify
SELECT pg_notify(:channel, '');
