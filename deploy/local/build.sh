#!/usr/bin/env bash
# Builds seriald and serialctl, in release.

. "$(dirname "$0")/common.sh"

# Touched when both programs were built: without a newer source there is nothing to do.
stamp=.build/release.stamp
if [ -x .build/release/seriald ] && [ -x .build/release/serialctl ] && [ -e "$stamp" ] &&
  [ -z "$(find Package.swift Sources -newer "$stamp" -print -quit)" ]; then
  say 'the programs are up to date'
  exit 0
fi

find_swift
start=$SECONDS
started=$(mktemp)
trap 'rm -f "$started"' EXIT
if [ -x .build/release/seriald ] && [ -x .build/release/serialctl ]; then
  say 'building what has changed'
else
  say 'building; the first time this takes about six minutes on two cores'
fi
for product in seriald serialctl; do
  swift_build -c release --product "$product" || fail "$product could not be built." \
    'The compiler says why, above. With "No space left on device": about 3 GB are needed (df -h).'
done
# As old as the start of the build: what was changed meanwhile is built the next time.
touch -r "$started" "$stamp"
say "built in $((SECONDS - start)) s"
