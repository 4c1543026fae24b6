#!/usr/bin/env bash
# Chaos: run.sh [SCENARIO [ARGUMENT...]]. A scenario alone; without one a million schedules of the simulator
# (SCHEDULES=N), then every scenario with real processes.

. "$(dirname "$0")/../local/common.sh"

scenario=${1:-}
[ $# -eq 0 ] || shift
deploy/local/bootstrap.sh faketime iproute2 iptables
deploy/local/build.sh
find_swift
for product in ClockShim chaos; do
  swift_build -c release --product "$product" || fail "$product could not be built."
done
SERIALD_CHAOS_VERSION=$(git describe --always --dirty 2>/dev/null || echo unknown)
export SERIALD_CHAOS_VERSION

# As root: in a network and a mount namespace of their own, so that packets can be dropped and a small disk
# be mounted, and nothing of it is left when they end. Otherwise the proxy cuts, and disk-full cannot be run.
run_scenarios() {
  if [ "$(id -u)" -eq 0 ] && unshare --net --mount true 2>/dev/null; then
    SERIALD_CHAOS_NAMESPACE=1 unshare --net --mount --propagation private \
      sh -c 'ip link set lo up && mount -t tmpfs tmpfs /dev/shm && exec "$@"' sh .build/release/chaos run "$@"
  else
    say 'not root: partitions are made by the proxy'
    .build/release/chaos run "$@"
  fi
}

start=$SECONDS
if [ -n "$scenario" ]; then
  run_scenarios "$scenario" "$@"
else
  timed 'a million schedules' .build/release/chaos simulate --schedules "${SCHEDULES:-1000000}"
  timed 'scenarios with real processes' run_scenarios "$@"
  say "all of it in $((SECONDS - start)) s"
fi
