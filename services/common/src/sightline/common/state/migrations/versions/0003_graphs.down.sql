DROP INDEX jobs_overdue;
ALTER TABLE jobs DROP COLUMN run_time, DROP COLUMN deadline_time, DROP COLUMN planned;
DROP TABLE task_needs;
ALTER TABLE tasks
    DROP COLUMN stage,
    DROP COLUMN input,
    DROP COLUMN output,
    DROP COLUMN checkpoint,
    DROP COLUMN optional,
    DROP COLUMN open_needs,
    DROP COLUMN position;
