-- Creates an execution of a job with one branch for each target, in the order given, or nothing at all.
-- $1 job serial or $2 job id; $3 target serials or $4 target ids; $5 scheduled at, in microseconds since 1970
-- in UTC, or null; $6 subject; an idempotency key, or null: $7 route, $8 key, $9 hash of the request
-- One row: outcome ('created', 'replayed', 'unknown-job', 'unknown-target', 'job-full', 'execution-full',
-- 'key-reused', 'not-migrated'), execution_serial, job_serial, target
-- Locks: the key, the job
SELECT outcome, execution_serial, job_serial, target
FROM serial.create_execution($1::text, $2::bigint, $3::text[], $4::bigint[],
  timestamptz 'epoch' + $5::bigint * interval '1 microsecond', $6::text, $7::text, $8::text, $9::text)
