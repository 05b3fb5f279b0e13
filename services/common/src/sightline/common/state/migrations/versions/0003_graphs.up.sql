-- A task may need others of its job: it is blocked (state 0) until they have ended, and reads what they left.
ALTER TABLE tasks
    ADD COLUMN stage      text NOT NULL DEFAULT '',
    ADD COLUMN input      bytea,
    ADD COLUMN output     bytea,
    ADD COLUMN checkpoint bytea,
    -- An optional task that is given up does not fail its job; those that need it go on without its output.
    ADD COLUMN optional   boolean NOT NULL DEFAULT false,
    ADD COLUMN open_needs integer NOT NULL DEFAULT 0,
    -- The place among the tasks that were planned together.
    ADD COLUMN position   integer NOT NULL DEFAULT 0;

CREATE TABLE task_needs (
    needed_id uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
    task_id   uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
    PRIMARY KEY (needed_id, task_id)
);
CREATE INDEX task_needs_of_task ON task_needs (task_id);

ALTER TABLE jobs
    ADD COLUMN run_time      timestamptz,
    ADD COLUMN deadline_time timestamptz,
    -- Whether a task of it has planned others: only then are there stages to tell of.
    ADD COLUMN planned       boolean NOT NULL DEFAULT false;
CREATE INDEX jobs_overdue ON jobs (deadline_time) WHERE deadline_time IS NOT NULL AND state IN (1, 2);
