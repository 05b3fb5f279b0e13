ALTER TABLE tasks DROP COLUMN claim_id;
DROP TABLE fingerprints;
ALTER TABLE idempotency DROP COLUMN shared;
DROP INDEX jobs_by_work;
ALTER TABLE jobs DROP COLUMN work_key, DROP COLUMN shares;
