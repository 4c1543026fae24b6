#!/usr/bin/env bash
# Format and rules of the Swift files (.swift-format), and the shell scripts.

. "$(dirname "$0")/../local/common.sh"

find_swift
swift format lint --strict --parallel --recursive Package.swift Sources Tests chaos || fail \
  'The lint found what is listed above.' '`make format` mends what is only format.'

scripts=(.ci/run deploy/*/*.sh deploy/*/*/*.sh)
for script in "${scripts[@]}"; do bash -n "$script"; done
if command -v shellcheck >/dev/null; then
  # SC2016: backquotes in messages are meant as they stand.
  shellcheck --exclude=SC2016 --source-path=SCRIPTDIR --external-sources "${scripts[@]}"
fi
