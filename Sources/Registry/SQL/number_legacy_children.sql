-- Numbers executions ('execution') or branches ('branch').
--   $1  the kind
--   $2  only those above this id, and their siblings
--   $3  about how many
-- One row: how many were done, the id to go on after or null. Locks: the children.
SELECT done, next_after FROM serial.number_legacy_children($1, $2, $3)
