-- A page of jobs in any state is read in its order: the partial indexes served three of the states, and only where the
-- planner saw which one was asked for.
CREATE INDEX jobs_by_state ON jobs (tenant, state, job_id);
DROP INDEX jobs_live;
DROP INDEX jobs_failed;
