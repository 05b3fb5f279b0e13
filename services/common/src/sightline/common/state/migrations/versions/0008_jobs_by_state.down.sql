CREATE INDEX jobs_live ON jobs (tenant, state, job_id) WHERE state IN (1, 2);
CREATE INDEX jobs_failed ON jobs (tenant, job_id) WHERE state = 4;
DROP INDEX jobs_by_state;
