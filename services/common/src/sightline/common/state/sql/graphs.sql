-- name: lock_jobs
-- Those who change one graph take turns; the order keeps two groups from waiting for each other.
SELECT job_id FROM jobs
WHERE (tenant, job_id) IN (SELECT DISTINCT tenant, job_id FROM tasks WHERE task_id = ANY (:task_ids::uuid[]))
ORDER BY job_id
FOR UPDATE;

-- name: end_task
-- Ends one attempt, fenced; a task that is given up is optional, or its job would fail.
UPDATE tasks SET state = :state, progress = CASE WHEN :state = 3 THEN 1 ELSE progress END, output = :output,
                 checkpoint = NULL, end_time = now(), lease_time = NULL
WHERE task_id = :task_id AND CASE WHEN claim_id = :claim_id THEN state = 2 ELSE false END
RETURNING tenant, job_id;

-- name: store_results
WITH counted AS (
    UPDATE jobs SET result_count = result_count + cardinality(:payloads::bytea[])
    WHERE tenant = :tenant AND job_id = :job_id
    RETURNING result_count - cardinality(:payloads::bytea[]) AS first_ordinal
)
INSERT INTO results (tenant, job_id, ordinal, payload)
SELECT :tenant, :job_id, first_ordinal + p.position - 1, p.payload
FROM counted, unnest(:payloads::bytea[]) WITH ORDINALITY AS p (payload, position);

-- name: store_attempt!
INSERT INTO task_attempts (task_id, attempt, worker, start_time, outcome, error)
SELECT task_id, attempt, coalesce(worker, ''), start_time, :outcome, :error FROM tasks WHERE task_id = :task_id
ON CONFLICT DO NOTHING;

-- name: add_tasks
-- Adds the tasks that a task has planned; those that need others are blocked.
INSERT INTO tasks (
    task_id, tenant, job_id, queue, kind, stage, input, optional, state, open_needs, position, priority, max_attempts
)
SELECT n.task_id, parent.tenant, parent.job_id, n.queue, parent.kind, n.stage, n.input, n.optional,
       CASE WHEN n.open_needs = 0 THEN 1 ELSE 0 END, n.open_needs, n.position, parent.priority,
       parent.max_attempts
FROM unnest(:task_ids::uuid[], :queues::text[], :stages::text[], :inputs::bytea[], :optionals::bool[],
            :open_needs::int[]) WITH ORDINALITY AS n (task_id, queue, stage, input, optional, open_needs, position),
     tasks AS parent
WHERE parent.task_id = :parent_id;

-- name: add_needs!
INSERT INTO task_needs (needed_id, task_id)
SELECT * FROM unnest(:needed_ids::uuid[], :needing_ids::uuid[]);

-- name: wake
-- Those that needed the task and now need nothing more may run.
WITH needing AS (
    UPDATE tasks SET open_needs = open_needs - 1
    WHERE state = 0 AND task_id IN (SELECT task_id FROM task_needs WHERE needed_id = :task_id)
    RETURNING task_id, open_needs
)
SELECT task_id FROM needing WHERE open_needs = 0;

-- name: ready
-- Names what may run now and was not published; the caller publishes it, or housekeeping does.
UPDATE tasks SET state = 1, ready_time = now(), publish_time = now()
WHERE tenant = :tenant AND job_id = :job_id AND publish_time IS NULL AND open_needs = 0
  AND (state = 0 OR state = 1 AND attempt = 0)
RETURNING task_id, queue, priority;

-- name: settle
-- Counts anew what is open; the last task to end ends the job.
WITH tally AS (
    SELECT count(*) FILTER (WHERE state < 3) AS open, count(*) AS every,
           coalesce(sum(CASE WHEN state >= 3 THEN 1 ELSE progress END), 0) AS done
    FROM tasks WHERE tenant = :tenant AND job_id = :job_id
)
UPDATE jobs SET
    open_tasks = tally.open,
    planned = tally.every > 1,
    state = CASE WHEN tally.open = 0 THEN 3 ELSE jobs.state END,
    history = CASE WHEN tally.open = 0 THEN history || 3::smallint ELSE history END,
    progress = CASE WHEN tally.open = 0 THEN 1 ELSE greatest(jobs.progress, tally.done / tally.every) END,
    end_time = CASE WHEN tally.open = 0 THEN now() END
FROM tally
WHERE jobs.tenant = :tenant AND jobs.job_id = :job_id AND jobs.state = 2
RETURNING jobs.tenant, jobs.job_id, jobs.state, cardinality(history) AS transition, jobs.progress;

-- name: checkpoint
-- Stores how far an attempt is and the results that it has so far, together: the next attempt goes on from there.
WITH held AS (
    UPDATE tasks SET checkpoint = :checkpoint, progress = greatest(progress, :progress)
    WHERE task_id = :task_id AND CASE WHEN claim_id = :claim_id THEN state = 2 ELSE false END
    RETURNING tenant, job_id
),
counted AS (
    UPDATE jobs SET result_count = result_count + cardinality(:payloads::bytea[])
    FROM held WHERE jobs.tenant = held.tenant AND jobs.job_id = held.job_id
    RETURNING jobs.tenant, jobs.job_id, result_count - cardinality(:payloads::bytea[]) AS first_ordinal
),
kept AS (
    INSERT INTO results (tenant, job_id, ordinal, payload)
    SELECT tenant, job_id, first_ordinal + p.position - 1, p.payload
    FROM counted, unnest(:payloads::bytea[]) WITH ORDINALITY AS p (payload, position)
)
SELECT job_id FROM held;

-- name: outputs
-- What the tasks left that this one needed, in the order they were planned; NULL for one that was given up, with why.
SELECT needed.stage, needed.output,
       (SELECT error FROM task_attempts AS a
        WHERE needed.state = 4 AND a.task_id = needed.task_id ORDER BY a.attempt DESC LIMIT 1) AS error
FROM task_needs JOIN tasks AS needed ON needed.task_id = task_needs.needed_id
WHERE task_needs.task_id = :task_id
ORDER BY needed.create_time, needed.position;

-- name: stages
-- A stage runs while one of its tasks does, waits while one waits, and has ended as its worst task has.
SELECT stage,
       CASE WHEN bool_or(state = 2) THEN 2 WHEN bool_or(state < 2) THEN 1 ELSE max(state) END AS state,
       count(*) AS tasks, count(*) FILTER (WHERE state >= 3) AS ended,
       avg(CASE WHEN state = 3 THEN 1 ELSE progress END)::float8 AS progress,
       min(start_time) AS start_time,
       CASE WHEN bool_and(state >= 3) THEN max(end_time) END AS end_time
FROM tasks WHERE tenant = :tenant AND job_id = :job_id
GROUP BY stage
ORDER BY min(create_time), min(position);
