#!/usr/bin/env bash
# `serialctl dev ...` for the cluster of this project.

. "$(dirname "$0")/common.sh"

serialctl=.build/release/serialctl
if [ ! -x "$serialctl" ]; then
  if [ ! -e .serial ]; then
    echo 'There is no cluster here. `make up` makes one.'
    exit 0
  fi
  # The build was removed, the cluster was not: only serialctl knows which processes are its own.
  find_swift
  say 'building serialctl, which is needed for this'
  swift_build -c release --product serialctl
fi
exec "$serialctl" dev "$@"
