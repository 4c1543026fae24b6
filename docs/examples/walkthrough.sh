#!/usr/bin/env bash
# A walk through the registry with curl: a target, a job, an execution, its result, and what is said
# of them. Reads SERIAL_URLS, SERIAL_TOKEN and SERIAL_CA (may be empty) from the environment:
#
#   . .serial/env && docs/examples/walkthrough.sh
#
# Ends with 0 when everything was as it should be, and with 1 and a message when not.

set -euo pipefail

fail() { echo "walkthrough: $*" >&2; exit 1; }

[[ -n ${SERIAL_URLS:-} && -n ${SERIAL_TOKEN:-} ]] ||
  fail 'SERIAL_URLS and SERIAL_TOKEN must be set (see .serial/env)'

options=(--silent --show-error --max-time 30)
[[ -z ${SERIAL_CA:-} ]] || options+=(--cacert "$SERIAL_CA")

node=
for url in $SERIAL_URLS; do
  if curl "${options[@]}" --fail --output /dev/null "${url%/}/health/ready" 2>/dev/null; then
    node=${url%/}
    break
  fi
done
[[ -n $node ]] || fail "no node of $SERIAL_URLS is ready"

# ask METHOD PATH [BODY]: prints the answer. The token goes in by a file, out of sight of `ps`. What
# creates something carries an idempotency key, so that it could be repeated.
ask() {
  local answer extra=()
  if [[ $# -gt 2 ]]; then extra+=(--header 'Content-Type: application/json' --data-binary "$3"); fi
  if [[ $1 == POST ]]; then
    extra+=(--header "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)")
  fi
  answer=$(curl "${options[@]}" --fail-with-body --request "$1" "${extra[@]}" \
    --config <(printf 'header = "Authorization: Bearer %s"\n' "$SERIAL_TOKEN") "$node$2") ||
    fail "$1 $2: $answer"
  printf '%s\n' "$answer"
}

# field NAME: the first text of that name in the answer on the standard input.
field() {
  local text
  text=$(grep -o "\"$1\" *: *\"[^\"]*\"" | head -n 1 | sed 's/^[^:]*: *"//; s/"$//') || true
  [[ -n $text ]] || fail "the answer has no $1"
  printf '%s\n' "$text"
}

expect() { [[ $1 == "$2" ]] || fail "$3 is $1: expected $2"; }

echo "node       $node"

target=$(ask POST /api/targets '{"name": "web-1", "os_type": "linux"}' | field target_serial)
echo "target     $target"

job=$(ask POST /api/jobs '{"name": "System Update", "job_type": "script"}' | field job_serial)
echo "job        $job"

execution=$(ask POST "/api/jobs/$job/execute" "{\"target_serials\": [\"$target\"]}" |
  field execution_serial)
echo "execution  $execution"
branch=$execution.0001

ask PATCH "/api/executions/branch/$branch" '{"status": "running"}' >/dev/null
finished='{"status": "completed", "exit_code": 0, "result_output": "42 packages updated"}'
ask PATCH "/api/executions/branch/$branch" "$finished" >/dev/null
# The same change again is harmless.
ask PATCH "/api/executions/branch/$branch" "$finished" >/dev/null

result=$(ask GET "/api/executions/branch/$branch")
expect "$(field target_serial_ref <<<"$result")" "$target" 'the target of the branch'
expect "$(field result_output <<<"$result")" '42 packages updated' 'the output'
echo "branch     $branch $(field status <<<"$result")"

whole=$(ask GET "/api/executions/serial/$execution")
grep -q "\"branch_serial\" *: *\"$branch\"" <<<"$whole" || fail "$execution does not list $branch"

found=$(ask GET "/api/executions/search?q=$execution&type=execution")
expect "$(field execution_serial <<<"$found")" "$execution" 'what the search found'

performance=$(ask GET "/api/targets/$target/performance?days=30")
grep -q '"successful_executions" *: *1' <<<"$performance" ||
  fail "the performance of $target does not count its result: $performance"
echo "performance of $target over 30 days: 1 successful"
