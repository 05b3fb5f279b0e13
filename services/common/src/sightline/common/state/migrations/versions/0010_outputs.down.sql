DROP TRIGGER media_deleted ON media;
DROP FUNCTION loosen_blobs();
DROP INDEX media_by_job;
ALTER TABLE media DROP COLUMN job_id;
