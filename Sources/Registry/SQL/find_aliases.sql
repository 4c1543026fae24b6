-- The serials of the records that old identifiers belong to.
-- $1 the old identifiers
-- A row for each that is one: alias, serial
-- Locks: none
SELECT alias, serial FROM serial.aliases WHERE alias = ANY ($1::text[])
