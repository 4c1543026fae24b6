#!/usr/bin/env bash
# Builds in release and runs the simulator with a million schedules: run.sh [SCENARIO]. Scenarios with real
# processes are not built yet.

. "$(dirname "$0")/../local/common.sh"

if [ -n "${1:-}" ]; then
  fail "there is no scenario $1" 'Scenarios with real processes are not built yet; without one: the simulator.'
fi
deploy/local/bootstrap.sh
find_swift
swift_build -c release --product chaos || fail 'chaos could not be built.'
exec .build/release/chaos simulate --schedules "${SCHEDULES:-1000000}"
