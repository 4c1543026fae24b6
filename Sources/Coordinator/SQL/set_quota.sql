-- Limits what a subject may use up; both null removes the quota.
-- $1 subject, $2 numbers a minute, $3 numbers a year, $4 who says so
-- One row without meaning
-- Locks: the quota
SELECT serial.set_quota($1::text, $2::integer, $3::integer, $4::text)::text
