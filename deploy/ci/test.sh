#!/usr/bin/env bash
# Everything that guards the project. Each step says how long it took; each has a limit.

. "$(dirname "$0")/../local/common.sh"

build_tests() {
  timeout --foreground 25m swift build --explicit-target-dependency-import-check error --build-tests
}

# Tests start their own PostgreSQL and nodes, on free ports; what they start ends with them.
# The clusters of real processes, and the minute of contention, have the machine to themselves:
# beside them a test with a short deadline would measure the load.
heavy='EndToEndTests|LockOrderTests'

run_tests() {
  timeout --foreground 15m swift test --skip-build --parallel --skip "$heavy"
}

run_heavy_tests() {
  timeout --foreground 20m swift test --skip-build --parallel --filter "$heavy"
}

start=$SECONDS
timed 'packages' deploy/local/bootstrap.sh
find_swift
timed 'lint' deploy/ci/lint.sh
timed 'build' build_tests
timed 'test' run_tests
timed 'test with clusters of real processes' run_heavy_tests
say "all passed in $((SECONDS - start)) s"
