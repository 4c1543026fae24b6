#!/usr/bin/env bash
# Builds in release and runs one benchmark: run.sh CASE [ARGUMENT...]. Without a case it lists them.

. "$(dirname "$0")/../local/common.sh"

cases='ten-million'
case=${1:-}
if [ -z "$case" ]; then
  say "make bench CASE=NAME, with NAME one of: $cases"
  exit 2
fi
shift
case " $cases " in
  *" $case "*) ;;
  *) fail "there is no benchmark $case" "There are: $cases" ;;
esac
deploy/local/bootstrap.sh
find_swift
for product in seriald serialbench; do
  swift_build -c release --product "$product" || fail "$product could not be built."
done
exec .build/release/serialbench "$case" "$@"
