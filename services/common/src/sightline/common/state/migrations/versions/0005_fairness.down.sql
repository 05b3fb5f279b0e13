ALTER TABLE tasks DROP COLUMN aged;
CREATE INDEX tasks_waiting ON tasks (queue, priority DESC, ready_time, task_id) WHERE state = 1;
DROP INDEX tasks_in_turn;
