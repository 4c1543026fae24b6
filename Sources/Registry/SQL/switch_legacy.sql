-- Gives the last rows their serials and attaches the guards.
--   $1  what happens to a row with a serial that the allocator did not issue: renumber, refuse
-- One row: how many rows were left. Locks: the four tables against everything but reading.
SELECT serial.switch_legacy($1) AS rows
