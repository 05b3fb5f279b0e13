-- name: keep
-- Makes a stored file known as one of a job, and its blob its own, if the task is still this worker's. What an earlier
-- attempt has stored under the name is replaced, and its bytes are nobody's from now on.
WITH held AS (
    SELECT tasks.tenant, tasks.job_id, jobs.expire_time
    FROM tasks JOIN jobs ON jobs.tenant = tasks.tenant AND jobs.job_id = tasks.job_id
    WHERE tasks.task_id = :task_id AND CASE WHEN tasks.claim_id = :claim_id THEN tasks.state = 2 ELSE false END
    -- Whoever takes the task away waits until the file is known, or comes first and it never is.
    FOR SHARE OF tasks
),
earlier AS (
    SELECT media.blob_key FROM media JOIN held ON held.tenant = media.tenant WHERE media.media_id = :media_id
),
kept AS (
    INSERT INTO media (
        tenant, media_id, display_name, content_type, size_bytes, sha256, width_px, height_px, blob_key, expire_time,
        job_id
    )
    SELECT tenant, :media_id, :display_name, :content_type, :size_bytes, :sha256, :width_px, :height_px, :blob_key,
           expire_time, job_id
    FROM held
    ON CONFLICT (tenant, media_id) DO UPDATE SET
        display_name = excluded.display_name, content_type = excluded.content_type, size_bytes = excluded.size_bytes,
        sha256 = excluded.sha256, width_px = excluded.width_px, height_px = excluded.height_px,
        blob_key = excluded.blob_key
    RETURNING *
),
owned AS (
    DELETE FROM loose_blobs USING kept WHERE loose_blobs.blob_key = kept.blob_key
),
loosened AS (
    INSERT INTO loose_blobs (blob_key, due_time) SELECT blob_key, now() FROM earlier ON CONFLICT DO NOTHING
),
used AS (
    INSERT INTO usage_news (tenant, hour_time, kind, count, size_bytes)
    SELECT tenant, date_trunc('hour', now(), 'UTC'), 'output_media', 1, size_bytes
    FROM kept WHERE NOT EXISTS (SELECT FROM earlier)
)
SELECT * FROM kept;
