-- Makes the schema and the table of applied migrations. Idempotent; under the advisory lock.
CREATE SCHEMA IF NOT EXISTS serial;
CREATE TABLE IF NOT EXISTS serial.migrations (
  version integer PRIMARY KEY CHECK (version > 0),
  name text NOT NULL,
  checksum text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
