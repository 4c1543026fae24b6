-- Changes a branch, and its execution's status with it; null leaves a field as it is.
-- $1 serial, $2 status, $3 started at and $4 completed at, in microseconds since 1970 in UTC, $5 output,
-- $6 error (at most 8 MiB each), $7 exit code
-- One row: outcome ('done', 'unknown', 'immutable', 'invalid-transition', 'invalid-times', 'not-migrated'),
-- status_was, detail
-- Locks: the execution, the branch
SELECT outcome, status_was, detail
FROM serial.change_branch($1::text, $2::text, timestamptz 'epoch' + $3::bigint * interval '1 microsecond',
  timestamptz 'epoch' + $4::bigint * interval '1 microsecond', $5::text, $6::text, $7::integer)
