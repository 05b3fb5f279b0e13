CREATE TABLE schedules (
    tenant       text NOT NULL,
    schedule_id  uuid NOT NULL,
    display_name text NOT NULL,
    cron         text NOT NULL,
    time_zone    text NOT NULL,
    -- The job to create, a serialised sightline.v1.Job.
    job          bytea NOT NULL,
    paused       boolean NOT NULL DEFAULT false,
    next_time    timestamptz NOT NULL,
    last_time    timestamptz,
    last_error   bytea,
    create_time  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, schedule_id)
);
CREATE INDEX schedules_due ON schedules (next_time) WHERE NOT paused;
