-- What stands against the migration in the rows, and what it decides. Rows: whether it stops it, a word, a
-- text. Locks: none.
SELECT stops, code, detail FROM serial.check_legacy_rows() ORDER BY stops DESC, code, detail
