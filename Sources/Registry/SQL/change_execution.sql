-- Changes an execution; null leaves a field as it is. 'cancelled' cancels its unfinished branches.
-- $1 serial, $2 status, $3 started at and $4 completed at, in microseconds since 1970 in UTC
-- One row: outcome ('done', 'unknown', 'immutable', 'invalid-transition', 'unfinished-branches',
-- 'invalid-times', 'not-migrated'), status_was, unfinished, detail
-- Locks: the execution, its unfinished branches by id
SELECT outcome, status_was, unfinished, detail
FROM serial.change_execution($1::text, $2::text, timestamptz 'epoch' + $3::bigint * interval '1 microsecond',
  timestamptz 'epoch' + $4::bigint * interval '1 microsecond')
