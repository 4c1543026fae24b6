#!/bin/sh
# A legacy installation of one million rows with every irregularity: migrated with three kill -9 on the way,
# compared with one that was migrated without, checked, and migrated again.
#
#   make up && deploy/bench/legacy-million.sh
#
# Works in two databases of its own on the server of DATABASE_URL (.serial/env), and drops them at the end.
set -eu
cd "$(dirname "$0")/../.."
[ -n "${DATABASE_URL:-}" ] || . .serial/env
bin=${SERIAL_BIN:-$(swift build --show-bin-path)}
work=$(mktemp -d)
killed=serial_legacy_killed
whole=serial_legacy_whole

url() { printf '%s' "$DATABASE_URL" | sed -E "s#(://[^/?]*)(/[^?]*)?#\1/$1#"; }
run() { psql -X -q -v ON_ERROR_STOP=1 -At "$(url "$1")" -c "$2"; }
seconds() { date +%s.%N; }
took() { echo "$1 $2" | awk '{printf "%.1f s", $2 - $1}'; }
admin() { psql -X -q -v ON_ERROR_STOP=1 "$DATABASE_URL" -c "$1"; }
trap 'admin "DROP DATABASE IF EXISTS $killed WITH (FORCE)"; admin "DROP DATABASE IF EXISTS $whole WITH (FORCE)"
  rm -rf "$work"' EXIT

admin "DROP DATABASE IF EXISTS $killed WITH (FORCE)"
admin "DROP DATABASE IF EXISTS $whole WITH (FORCE)"
admin "CREATE DATABASE $killed"
start=$(seconds)
for file in legacy-schema legacy-million; do
  psql -X -q -v ON_ERROR_STOP=1 "$(url $killed)" -f deploy/bench/$file.sql > "$work/$file.log"
done
SERIAL_DATABASE_URL=$(url $killed) "$bin/seriald" migrate > /dev/null
run $killed 'ANALYZE'
admin "CREATE DATABASE $whole TEMPLATE $killed"
echo "made: $(run $killed 'SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM universal_targets)
  + (SELECT count(*) FROM job_executions) + (SELECT count(*) FROM job_execution_branches)') rows in $(took "$start" "$(seconds)")"

start=$(seconds)
"$bin/serialctl" migrate-legacy --database-url "$(url $killed)" --dry-run --report "$work/dry.csv" > "$work/dry.log"
echo "dry run: $(wc -l < "$work/dry.csv") lines in $(took "$start" "$(seconds)")"

start=$(seconds)
"$bin/serialctl" migrate-legacy --database-url "$(url $whole)" --report "$work/whole.csv" > "$work/whole.log" 2>&1
end=$(seconds)
echo "without kills: $(took "$start" "$end")"

# at a fifth, two fifths and four fifths of that
for part in 0.2 0.4 0.8; do
  "$bin/serialctl" migrate-legacy --database-url "$(url $killed)" > "$work/killed.log" 2>&1 &
  pid=$!
  sleep "$(echo "$start $end $part" | awk '{printf "%.2f", ($2 - $1) * $3 / 2}')"
  if kill -9 "$pid" 2> /dev/null; then
    wait "$pid" || true
    echo "killed in: $(tail -n 1 "$work/killed.log")"
  else
    echo "it was over before it could be killed" >&2
    exit 1
  fi
done
start=$(seconds)
"$bin/serialctl" migrate-legacy --database-url "$(url $killed)" --report "$work/killed.csv" > "$work/killed.log" 2>&1
echo "the rest after three kills: $(took "$start" "$(seconds)")"

state="SELECT md5(string_agg(x, ';' ORDER BY x)) FROM (
  SELECT 'j' || id || job_serial AS x FROM jobs
  UNION ALL SELECT 't' || id || target_serial FROM universal_targets
  UNION ALL SELECT 'e' || id || execution_number || execution_serial FROM job_executions
  UNION ALL SELECT 'b' || id || branch_serial || target_serial_ref FROM job_execution_branches
  UNION ALL SELECT 'a' || alias || serial FROM serial.aliases
  UNION ALL SELECT 'v' || kind || year || numbers FROM serial.void_ranges
  UNION ALL SELECT 'l' || kind || year || numbers FROM serial.issue_log
  UNION ALL SELECT 'c' || kind || year || next_number || settled FROM serial.counters) s"
check() {
  if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "WRONG: $1: $2, expected $3" >&2; exit 1; fi
}
check "the end is the same as without kills" "$(run $killed "$state")" "$(run $whole "$state")"
check "lines of the report" "$(grep -vc '_uuid,\|,created_at,' "$work/killed.csv")" \
  "$(grep -vc '_uuid,\|,created_at,' "$work/dry.csv")"
check "serial.verify()" "$(run $killed 'SELECT count(*) FROM serial.verify()')" 0
check "rows without serial or uuid" "$(run $killed "SELECT
  (SELECT count(*) FROM jobs WHERE job_serial !~ '^J[0-9]{9}\$' OR job_uuid IS NULL)
  + (SELECT count(*) FROM universal_targets WHERE target_serial !~ '^T[0-9]{9}\$' OR target_uuid IS NULL)
  + (SELECT count(*) FROM job_executions WHERE execution_serial IS NULL OR execution_uuid IS NULL)
  + (SELECT count(*) FROM job_execution_branches WHERE branch_serial IS NULL OR branch_uuid IS NULL)")" 0
check "children that are not below their parents" "$(run $killed "SELECT
  (SELECT count(*) FROM job_executions e JOIN jobs j ON j.id = e.job_id
    WHERE e.execution_serial <> j.job_serial || '.' || lpad(e.execution_number::text, 4, '0'))
  + (SELECT count(*) FROM job_execution_branches b JOIN job_executions e ON e.id = b.job_execution_id
      JOIN universal_targets t ON t.id = b.target_id
    WHERE left(b.branch_serial, 16) <> e.execution_serial || '.' OR b.target_serial_ref <> t.target_serial)")" 0
check "indexes that are not valid" "$(run $killed 'SELECT count(*) FROM pg_index WHERE NOT indisvalid')" 0
before=$(run $killed "$state")
"$bin/serialctl" migrate-legacy --database-url "$(url $killed)" > "$work/again.log" 2>&1
tail -n 1 "$work/again.log"
check "again: nothing changes" "$(run $killed "$state")" "$before"
