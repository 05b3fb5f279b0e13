-- name: add
INSERT INTO schedules (tenant, schedule_id, display_name, cron, time_zone, job, paused, next_time)
VALUES (:tenant, :schedule_id, :display_name, :cron, :time_zone, :job, :paused, :next_time)
RETURNING *;

-- name: get
SELECT * FROM schedules WHERE tenant = :tenant AND schedule_id = :schedule_id;

-- name: list
SELECT * FROM schedules
WHERE tenant = :tenant AND (:before::uuid IS NULL OR schedule_id < :before)
ORDER BY schedule_id DESC
LIMIT :count;

-- name: pause
UPDATE schedules SET paused = :paused, next_time = :next_time
WHERE tenant = :tenant AND schedule_id = :schedule_id
RETURNING *;

-- name: delete
DELETE FROM schedules WHERE tenant = :tenant AND schedule_id = :schedule_id RETURNING schedule_id;

-- name: due
SELECT * FROM schedules WHERE NOT paused AND next_time <= now() ORDER BY next_time LIMIT :count;

-- name: advance
-- Only from the time that was seen: two leaders that meet advance it once.
UPDATE schedules SET next_time = :next_time, last_time = :fired_time, last_error = :error
WHERE tenant = :tenant AND schedule_id = :schedule_id AND next_time = :fired_time
RETURNING schedule_id;
