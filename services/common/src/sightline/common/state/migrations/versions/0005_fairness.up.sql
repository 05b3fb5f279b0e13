-- The waiting tasks of each tenant in their order: whoever takes some takes them in turns over tenants.
CREATE INDEX tasks_in_turn ON tasks (queue, tenant, priority DESC, ready_time, task_id) WHERE state = 1;
DROP INDEX tasks_waiting;

-- How often waiting has raised the priority.
ALTER TABLE tasks ADD COLUMN aged smallint NOT NULL DEFAULT 0;
