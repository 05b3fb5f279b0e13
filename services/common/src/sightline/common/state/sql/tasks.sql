-- In the statements on groups a CASE stands around what is asked of the state. The planner does not look into it, and so
-- it goes by the ids: it neither reads an index of the waiting or running tasks, of whose size it knows nothing while
-- jobs flow, nor expects to find nothing and compares every row of a group with every other.

-- name: claim
-- Takes the tasks that a batch of messages names, as far as they still wait: a message that came twice finds nothing.
-- Those whose last worker went silent are taken only when they alone are asked for.
-- Its commit need not reach the disk: a claim that a crash undoes is only made again. Whoever made it first has a token
-- that no later claim has, and can write no more; the number of the attempt may be the same.
WITH hurried AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', true)
),
wanted AS (
    SELECT task_id FROM hurried, tasks
    WHERE task_id = ANY (:task_ids::uuid[])
      AND CASE WHEN state = 1 THEN ready_time <= now() AND lost = :lost ELSE false END
    ORDER BY task_id
    FOR UPDATE OF tasks SKIP LOCKED
),
claimed AS (
    UPDATE tasks SET state = 2, attempt = attempt + 1, claim_id = gen_random_uuid(), progress = 0, worker = :worker,
                     start_time = now(),
                     lease_time = now() + :lease_seconds * interval '1 second'
    FROM wanted WHERE tasks.task_id = wanted.task_id
    RETURNING tasks.*
),
begun AS (
    UPDATE jobs SET state = 2, start_time = coalesce(jobs.start_time, now()), progress = 0,
                    history = CASE WHEN jobs.state = 1 THEN history || 2::smallint ELSE history END,
                    attempt_count = greatest(attempt_count, c.attempt)
    FROM (SELECT tenant, job_id, max(attempt - released) AS attempt FROM claimed GROUP BY 1, 2) AS c
    WHERE jobs.tenant = c.tenant AND jobs.job_id = c.job_id
      AND CASE WHEN jobs.state = 1 THEN true ELSE jobs.state = 2 END
    RETURNING jobs.tenant, jobs.job_id, jobs.spec, jobs.trace_context, jobs.media_id,
              cardinality(history) AS transition, jobs.start_time AS job_start_time,
              jobs.attempt_count AS job_attempt_count, jobs.result_count AS job_result_count, jobs.shares
)
SELECT claimed.task_id, claimed.tenant, claimed.job_id, claimed.kind, claimed.claim_id, claimed.attempt,
       claimed.attempt - claimed.released AS tries, claimed.max_attempts,
       claimed.stage, claimed.input, claimed.checkpoint, claimed.optional,
       begun.spec, begun.trace_context, begun.transition,
       extract(epoch FROM now() - claimed.ready_time)::float8 AS waited_seconds,
       begun.job_start_time, begun.job_attempt_count, begun.job_result_count, begun.shares,
       media.blob_key, media.content_type, media.size_bytes, media.sha256
FROM claimed
JOIN begun USING (tenant, job_id)
LEFT JOIN LATERAL (
    SELECT blob_key, content_type, size_bytes, sha256
    FROM media WHERE media.tenant = begun.tenant AND media.media_id = begun.media_id
    OFFSET 0  -- found by the key for each row, whatever the planner thinks of the size of the table
) AS media ON true;

-- name: waiting
-- What a worker may take without a message: tenants in turns, of each the most urgent first, then the longest waiting.
-- What runs has had its turn: who takes one at a time would take the oldest, whoever has flooded the queue.
WITH RECURSIVE tenants AS (
    (SELECT tenant FROM tasks WHERE queue = :queue AND state = 1 ORDER BY tenant LIMIT 1)
    UNION ALL
    SELECT (SELECT tasks.tenant FROM tasks
            WHERE queue = :queue AND state = 1 AND tasks.tenant > tenants.tenant ORDER BY tasks.tenant LIMIT 1)
    FROM tenants WHERE tenants.tenant IS NOT NULL
),
running AS (
    SELECT tenant, count(*) AS tasks FROM tasks WHERE queue = :queue AND state = 2 GROUP BY tenant
)
SELECT t.task_id
FROM tenants CROSS JOIN LATERAL (
    SELECT task_id, priority, ready_time, row_number() OVER (ORDER BY priority DESC, ready_time, task_id) AS turn
    FROM tasks
    WHERE queue = :queue AND tasks.tenant = tenants.tenant AND state = 1 AND ready_time <= now() AND NOT lost
    ORDER BY priority DESC, ready_time, task_id
    LIMIT :count
) AS t
LEFT JOIN running ON running.tenant = tenants.tenant
WHERE tenants.tenant IS NOT NULL
ORDER BY t.turn + coalesce(running.tasks, 0), t.priority DESC, t.ready_time
LIMIT :count;

-- name: lost
-- What waits and may be what silenced its last worker, the most urgent first.
SELECT task_id FROM tasks
WHERE queue = :queue AND state = 1 AND lost AND ready_time <= now()
ORDER BY priority DESC, ready_time
LIMIT :count;

-- name: renew
-- Prolongs leases and stores progress; a task that is not among the rows is no longer this worker's.
WITH held AS (
    SELECT * FROM unnest(:task_ids::uuid[], :claim_ids::uuid[], :progress::real[]) AS h (task_id, claim_id, progress)
),
renewed AS (
    UPDATE tasks SET lease_time = now() + :lease_seconds * interval '1 second',
                     progress = greatest(tasks.progress, held.progress)
    FROM held
    WHERE tasks.task_id = held.task_id AND CASE WHEN tasks.claim_id = held.claim_id THEN tasks.state = 2 ELSE false END
    RETURNING tasks.task_id, tasks.tenant, tasks.job_id, tasks.progress
),
told AS (
    UPDATE jobs SET progress = renewed.progress
    FROM renewed
    WHERE jobs.tenant = renewed.tenant AND jobs.job_id = renewed.job_id AND jobs.open_tasks = 1
      AND jobs.state = 2 AND jobs.progress < renewed.progress
)
SELECT task_id FROM renewed;

-- name: complete
-- Stores results and the final state together; fenced by the claim, so a worker that lost its lease changes nothing.
WITH ended AS (
    SELECT * FROM unnest(:task_ids::uuid[], :claim_ids::uuid[], :results::int[]) AS e (task_id, claim_id, results)
),
payloads AS (
    SELECT * FROM unnest(:payload_task_ids::uuid[], :payloads::bytea[]) WITH ORDINALITY AS p (task_id, payload, position)
),
done AS (
    UPDATE tasks SET state = 3, progress = 1, checkpoint = NULL, end_time = now(), lease_time = NULL
    FROM ended
    WHERE tasks.task_id = ended.task_id
      AND CASE WHEN tasks.claim_id = ended.claim_id THEN tasks.state = 2 ELSE false END
    RETURNING tasks.task_id, tasks.tenant, tasks.job_id, tasks.attempt, tasks.worker, tasks.start_time, ended.results
),
counted AS (
    SELECT tenant, job_id, count(*) AS tasks, sum(results) AS results FROM done GROUP BY tenant, job_id
),
finished AS (
    UPDATE jobs SET
        open_tasks = open_tasks - counted.tasks,
        result_count = result_count + counted.results,
        state = CASE WHEN open_tasks = counted.tasks THEN 3 ELSE state END,
        history = CASE WHEN open_tasks = counted.tasks THEN history || 3::smallint ELSE history END,
        progress = CASE WHEN open_tasks = counted.tasks THEN 1 ELSE progress END,
        end_time = CASE WHEN open_tasks = counted.tasks THEN now() END
    FROM counted
    WHERE jobs.tenant = counted.tenant AND jobs.job_id = counted.job_id
    RETURNING jobs.tenant, jobs.job_id, jobs.state, cardinality(history) AS transition, jobs.start_time, jobs.end_time,
              jobs.attempt_count, jobs.result_count, jobs.shares, result_count - counted.results AS first_ordinal
),
kept AS (
    INSERT INTO results (tenant, job_id, ordinal, payload)
    SELECT done.tenant, done.job_id,
           finished.first_ordinal + row_number() OVER (PARTITION BY done.job_id ORDER BY payloads.position) - 1,
           payloads.payload
    FROM payloads JOIN done USING (task_id) JOIN finished ON finished.job_id = done.job_id
),
attempts AS (
    INSERT INTO task_attempts (task_id, attempt, worker, start_time, outcome)
    SELECT task_id, attempt, worker, start_time, 'succeeded' FROM done
)
SELECT done.task_id, finished.tenant, finished.job_id, finished.state, finished.transition, finished.start_time,
       finished.end_time, finished.attempt_count, finished.result_count, finished.shares
FROM done JOIN finished ON finished.job_id = done.job_id;

-- name: fail
-- Ends an attempt that did not succeed: back to the queue after a delay while attempts are left, else given up.
WITH ended AS (
    SELECT * FROM unnest(
        :task_ids::uuid[], :claim_ids::uuid[], :retryable::bool[], :delay_seconds::float8[], :errors::bytea[]
    ) AS e (task_id, claim_id, retryable, delay_seconds, error)
),
done AS (
    UPDATE tasks SET
        state = CASE WHEN ended.retryable AND tasks.attempt - released < max_attempts THEN 1 ELSE 4 END,
        end_time = CASE WHEN ended.retryable AND tasks.attempt - released < max_attempts THEN NULL ELSE now() END,
        ready_time = now() + ended.delay_seconds * interval '1 second',
        publish_time = NULL, lease_time = NULL, lost = false
    FROM ended
    WHERE tasks.task_id = ended.task_id AND CASE WHEN tasks.claim_id = ended.claim_id THEN tasks.state = 2 ELSE false END
    RETURNING tasks.task_id, tasks.tenant, tasks.job_id, tasks.attempt, tasks.worker, tasks.start_time, tasks.state,
              ended.error, ended.retryable
),
-- One task that is given up ends the job; the other tasks of it are stopped.
outcomes AS (
    SELECT DISTINCT ON (tenant, job_id) tenant, job_id, state, error FROM done ORDER BY tenant, job_id, state DESC
),
stopped AS (
    UPDATE tasks SET state = 5, end_time = now(), lease_time = NULL
    FROM outcomes
    WHERE outcomes.state = 4 AND tasks.tenant = outcomes.tenant AND tasks.job_id = outcomes.job_id
      AND tasks.state IN (0, 1, 2) AND tasks.task_id NOT IN (SELECT task_id FROM done)
    RETURNING tasks.task_id, tasks.attempt, tasks.worker, tasks.start_time
),
told AS (
    UPDATE jobs SET
        state = outcomes.state,
        history = CASE WHEN jobs.state = outcomes.state THEN history ELSE history || outcomes.state END,
        error = CASE WHEN outcomes.state = 4 THEN outcomes.error END,
        progress = CASE WHEN outcomes.state = 4 THEN progress ELSE 0 END,
        open_tasks = CASE WHEN outcomes.state = 4 THEN 0 ELSE open_tasks END,
        end_time = CASE WHEN outcomes.state = 4 THEN now() END
    FROM outcomes
    WHERE jobs.tenant = outcomes.tenant AND jobs.job_id = outcomes.job_id AND jobs.state IN (1, 2)
      AND (outcomes.state = 4 OR jobs.open_tasks = 1)
    RETURNING jobs.tenant, jobs.job_id, jobs.state, cardinality(history) AS transition
),
attempts AS (
    INSERT INTO task_attempts (task_id, attempt, worker, start_time, outcome, error)
    SELECT task_id, attempt, worker, start_time, CASE WHEN state = 1 THEN 'retried' ELSE 'failed' END, error FROM done
    UNION ALL
    SELECT task_id, attempt, worker, start_time, 'cancelled', NULL FROM stopped WHERE attempt > 0 AND worker IS NOT NULL
    ON CONFLICT DO NOTHING
)
SELECT done.task_id, done.tenant, done.job_id, done.state, told.transition
FROM done LEFT JOIN told ON told.job_id = done.job_id;

-- name: release
-- Hands claims back whose work has not begun; they do not count as attempts.
WITH held AS (
    SELECT * FROM unnest(:task_ids::uuid[], :claim_ids::uuid[]) AS h (task_id, claim_id)
),
freed AS (
    UPDATE tasks SET state = 1, released = released + 1, publish_time = NULL, lease_time = NULL, worker = NULL,
                     start_time = NULL
    FROM held
    WHERE tasks.task_id = held.task_id AND CASE WHEN tasks.claim_id = held.claim_id THEN tasks.state = 2 ELSE false END
    RETURNING tasks.task_id, tasks.tenant, tasks.job_id, tasks.attempt - tasks.released AS tries
),
told AS (
    UPDATE jobs SET
        state = 1, history = history || 1::smallint, progress = 0,
        attempt_count = greatest(freed.tries, (
            SELECT max(attempt - released) FROM tasks
            WHERE tenant = freed.tenant AND job_id = freed.job_id AND task_id <> freed.task_id))
    FROM freed
    WHERE jobs.tenant = freed.tenant AND jobs.job_id = freed.job_id AND jobs.state = 2 AND jobs.open_tasks = 1
)
SELECT task_id FROM freed;
