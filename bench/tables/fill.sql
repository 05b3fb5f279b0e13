-- Fills the tables as months of work would: :finished jobs with their tasks, attempts and results, of which 94 of 100
-- have succeeded, 5 failed and 1 was cancelled; and :waiting jobs that wait, of which the first thousand are published.
-- Half belong to the tenant `bench`, the others to twenty more; every second job has a label, and two of
-- three may be shared. Without triggers and checks of foreign keys, which the rows satisfy by the way they are made.
SET session_replication_role = replica;

CREATE TEMPORARY TABLE made AS
SELECT n, time,
       -- Version 7, whose order is that of the time of creation.
       (lpad(to_hex((extract(epoch FROM time) * 1000)::bigint), 12, '0') || '7' || substr(digest, 1, 3) || 'a'
        || substr(digest, 4, 15))::uuid AS job_id,
       substr(digest, 1, 32)::uuid AS task_id,
       CASE WHEN mod(n, 2) = 0 THEN 'bench' ELSE 'tenant-' || mod(n, 21) END AS tenant,
       CASE WHEN n >= %(finished)s THEN 1 WHEN mod(n, 100) < 94 THEN 3 WHEN mod(n, 100) < 99 THEN 4 ELSE 5 END::smallint AS state,
       CASE WHEN mod(n, 4) < 2 THEN jsonb_build_object('film', 'f' || n / 1000, 'colour', 'c' || mod(n, 8)) ELSE '{}' END AS labels,
       CASE mod(n, 3) WHEN 0 THEN 'detect_faces' WHEN 1 THEN 'detect_objects' ELSE 'extract_slides' END AS kind,
       (1 + mod(n, 10))::smallint AS priority
FROM (
    SELECT n, md5(n::text || 'x') AS digest,
           now() - interval '1 hour' - (%(finished)s + %(waiting)s - n) * interval '0.5 second' AS time
    FROM generate_series(0, %(finished)s + %(waiting)s - 1) AS n
) AS numbers;

INSERT INTO jobs (tenant, job_id, kind, spec, priority, labels, state, history, progress, attempt_count, open_tasks,
                  result_count, error, create_time, start_time, end_time, expire_time, work_key)
SELECT tenant, job_id, kind, '\x00', priority, labels, state,
       CASE WHEN state = 1 THEN '{1}' ELSE ARRAY[1, 2, state] END::smallint[], (state = 3)::int, (state > 1)::int,
       (state = 1)::int, (state = 3)::int, CASE WHEN state = 4 THEN '\x00'::bytea END, time,
       CASE WHEN state > 1 THEN time END, CASE WHEN state > 1 THEN time + interval '1 second' END,
       now() + interval '7 days', CASE WHEN mod(n, 3) < 2 THEN sha256(job_id::text::bytea) END
FROM made;

INSERT INTO tasks (task_id, tenant, job_id, queue, kind, state, priority, attempt, max_attempts, ready_time,
                   publish_time, worker, create_time, start_time, end_time)
SELECT task_id, tenant, job_id, 'face', kind, state, priority, (state > 1)::int, 5, time,
       CASE WHEN n < %(finished)s + 1000 THEN now() END, CASE WHEN state > 1 THEN 'w' END, time,
       CASE WHEN state > 1 THEN time END, CASE WHEN state > 1 THEN time + interval '1 second' END
FROM made;

INSERT INTO task_attempts (task_id, attempt, worker, start_time, end_time, outcome)
SELECT task_id, 1, 'w', time, time + interval '1 second',
       CASE state WHEN 3 THEN 'succeeded' WHEN 4 THEN 'failed' ELSE 'cancelled' END
FROM made WHERE state > 1;

INSERT INTO results (tenant, job_id, ordinal, payload)
SELECT tenant, job_id, 0, '\x0011223344556677' FROM made WHERE state = 3;

INSERT INTO idempotency (tenant, request_id, body_sha256, job_id, create_time)
SELECT tenant, task_id, '\x00', job_id, time FROM made WHERE mod(n, 3) = 0;

DROP TABLE made;
SET session_replication_role = origin;
ANALYZE;
