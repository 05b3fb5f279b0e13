-- A file that a job has made belongs to it and goes with it.
ALTER TABLE media
    ADD COLUMN job_id uuid,
    ADD CONSTRAINT media_of_a_job FOREIGN KEY (tenant, job_id) REFERENCES jobs ON DELETE CASCADE;
CREATE INDEX media_by_job ON media (tenant, job_id) WHERE job_id IS NOT NULL;

-- Whatever deletes a row of media, be it a job that takes its files along, leaves bytes that nobody owns. A trigger,
-- because a statement that forgets it leaves them for ever. One run for each statement and not for each row.
CREATE FUNCTION loosen_blobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loose_blobs (blob_key, due_time) SELECT blob_key, now() FROM gone ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER media_deleted AFTER DELETE ON media
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION loosen_blobs();
