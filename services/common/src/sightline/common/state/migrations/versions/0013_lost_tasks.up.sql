-- Whether the worker of the latest attempt went silent: the task may be what silenced it.
ALTER TABLE tasks ADD COLUMN lost boolean NOT NULL DEFAULT false;
CREATE INDEX tasks_lost ON tasks (queue, priority DESC, ready_time) WHERE state = 1 AND lost;
