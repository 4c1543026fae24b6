#!/usr/bin/env bash
# Builds seriald and serialctl, in release.

. "$(dirname "$0")/common.sh"

find_swift
start=$SECONDS
if [ -x .build/release/seriald ] && [ -x .build/release/serialctl ]; then
  say 'building what has changed'
else
  say 'building; the first time this takes about six minutes on two cores'
fi
for product in seriald serialctl; do
  swift_build -c release --product "$product" || fail "$product could not be built." \
    'The compiler says why, above. With "No space left on device": about 3 GB are needed (df -h).'
done
say "built in $((SECONDS - start)) s"
