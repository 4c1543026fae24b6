-- What the tables of an existing installation lack. Rows: whether it stops the migration, a word, a text.
-- Locks: none.
SELECT stops, code, detail FROM serial.check_legacy_tables() ORDER BY code, detail
