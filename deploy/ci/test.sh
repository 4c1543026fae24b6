#!/usr/bin/env bash
# Everything that guards the project. Each step says how long it took; each has a limit.

. "$(dirname "$0")/../local/common.sh"

build_tests() {
  timeout --foreground 45m swift build --explicit-target-dependency-import-check error --build-tests
}

# Tests start their own PostgreSQL and nodes, on free ports; what they start ends with them.
# The servers with standbys and the clusters of real processes run after the others; the minute of
# contention, and what uses a whole counter up, have the machine to themselves: beside others a test with
# a deadline would measure the load.
# What only calculates comes first and by itself: it would keep the threads that the others wait on.
pure='SerialFormatTests|LeaseCoreTests|AllocatorTests|GrantJournalTests|RecordsTests'
# Keeps every core busy for as long as it runs, so it has the machine to itself.
simulator='SimulatorTests'
servers='StandbyTests|RestoreTests|FailoverTests|LostReplyTests'
registry='RegistryTests'
clusters='EndToEndTests'
contention='LockOrderTests'
alone='ExhaustionTests|InterfaceTests'

run_pure_tests() {
  timeout --foreground 15m swift test --skip-build --parallel --filter "$pure"
}

run_simulator_tests() {
  timeout --foreground 15m swift test --skip-build --filter "$simulator"
}

run_tests() {
  timeout --foreground 15m swift test --skip-build --parallel --skip "$pure|$simulator|$registry|$servers|$contention|$clusters"
}

run_registry_tests() {
  timeout --foreground 15m swift test --skip-build --parallel --filter "$registry"
}

run_server_tests() {
  timeout --foreground 15m swift test --skip-build --parallel --filter "$servers"
}

run_cluster_tests() {
  timeout --foreground 15m swift test --skip-build --parallel --filter "$clusters" --skip "$alone"
}

# The tool that the test of the interface asks the node with.
install_tools() {
  SERIAL_SCHEMATHESIS=$(deploy/ci/schemathesis/install.sh) || return 1
  SERIAL_SCHEMATHESIS_CHECKS=$PWD/deploy/ci/schemathesis
  export SERIAL_SCHEMATHESIS SERIAL_SCHEMATHESIS_CHECKS
}

run_contention() {
  timeout --foreground 15m swift test --skip-build --filter "$contention"
}

run_alone() {
  timeout --foreground 15m swift test --skip-build --filter "$alone"
}

# Two of the scenarios of `make chaos`, some seconds each. What they leave stays when one fails.
run_chaos() {
  local folder
  folder=$(mktemp -d)
  timeout --foreground 10m .build/debug/chaos run --short --folder "$folder" lease-expiry zombie-node ||
    return 1
  rm -rf "$folder"
}

start=$SECONDS
timed 'packages' deploy/local/bootstrap.sh
find_swift
timed 'tools' install_tools
timed 'lint' deploy/ci/lint.sh
timed 'build' build_tests
timed 'test what only calculates' run_pure_tests
timed 'model' deploy/ci/model.sh small
timed 'test by simulation' run_simulator_tests
timed 'test' run_tests
timed 'test of the registry' run_registry_tests
timed 'test with servers that fail' run_server_tests
timed 'test with a minute of contention' run_contention
timed 'test with clusters of real processes' run_cluster_tests
timed 'chaos' run_chaos
timed 'test to the last number, and of the interface' run_alone
say "all passed in $((SECONDS - start)) s"
