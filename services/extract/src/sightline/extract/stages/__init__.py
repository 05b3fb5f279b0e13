"""The kinds of job as graphs of tasks: each stage takes what the ones before it left, and leaves what the next need."""
