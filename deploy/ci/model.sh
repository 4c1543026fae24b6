#!/usr/bin/env bash
# Checks the model of docs/model exhaustively, and that each planted bug is found.
#   deploy/ci/model.sh         all sizes
#   deploy/ci/model.sh small   what `make test` has time for

. "$(dirname "$0")/../local/common.sh"

size=${1:-full}
case $size in small | full) ;; *) fail "Unknown size: $size" 'Say nothing, or: small' ;; esac

deploy/local/bootstrap.sh spin gcc libc6-dev

model=$PWD/docs/model/seriald.pml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
# Search depth in steps, and memory in megabytes, that no run may exceed.
depth=5000000
memory=12000

# generate NAME "MACROS" OPTIMISATION "COMPILER FLAGS": leaves $work/NAME/pan
generate() {
  local folder=$work/$1 defines switches
  read -ra defines <<<"$2"
  read -ra switches <<<"$4"
  mkdir -p "$folder"
  (cd "$folder" && spin -a "${defines[@]}" "$model" >spin.out 2>&1) ||
    fail "spin refuses the model ($1)." "$(cat "$folder/spin.out")"
  # -w: the generated program has unused labels. Every state is compared in full: no hashing of states.
  gcc "$3" -w -DNOREDUCE -DMEMLIM="$memory" "${switches[@]}" -o "$folder/pan" "$folder/pan.c" ||
    fail "The program that spin made of the model does not compile ($1)."
}

# field PATTERN FILE: what an expression of sed finds first in a file
field() { sed -n "s/$1/\\1/p" "$2" | head -n 1; }

# Whether a run went through every state and found nothing.
exhaustive() {
  local out=$1
  if grep -q -e 'max search depth too small' -e 'out of memory' -e 'reached -DMEMLIM' \
    -e 'Search not completed' -e 'aborting' "$out" || ! grep -q 'errors: 0' "$out"; then
    return 1
  fi
}

# holds NAME "PROPERTIES" "MACROS": every state is visited and nothing is violated
holds() {
  local name=$1 properties=$2 macros=$3 out=$work/$1/pan.out flags=-DSAFETY options=()
  case $macros in *LIVENESS*) flags=-DNFAIR=3 options=(-a -f) ;; esac
  generate "$name" "$macros" -O1 "$flags"
  (cd "$work/$name" && ./pan "${options[@]}" -m"$depth" >pan.out 2>&1) || true
  if exhaustive "$out"; then
    printf '%-22s holds: %s\n%22s %s states, depth %s, %s s, %s MB, exhaustive\n' "$name" \
      "$properties" '' "$(field '^ *\([0-9]*\) states, stored.*' "$out")" \
      "$(field '.*depth reached \([0-9]*\),.*' "$out")" \
      "$(field 'pan: elapsed time \([0-9.]*\) seconds' "$out")" \
      "$(field '^ *\([0-9.]*\).total actual memory usage' "$out")"
  else
    printf '%-22s FAILED, expected to hold: %s (macros: %s)\n' "$name" "$properties" "$macros" >&2
    cat "$out" >&2
    failures=$((failures + 1))
  fi
}

# found NAME "PROPERTY" "MACROS" DEPTH: a planted bug violates the property, or a claim that something
# never happens is refuted
found() {
  local name=$1 property=$2 macros=$3 out=$work/$1/pan.out flags=-DSAFETY options=() expected
  expected='assertion violated'
  case $macros in
    *LIVENESS*) flags=-DNFAIR=3 options=(-a -f) expected='acceptance cycle' ;;
  esac
  generate "$name" "$macros" -O0 "$flags"
  (cd "$work/$name" && ./pan "${options[@]}" -m"$4" >pan.out 2>&1) || true
  if grep -q "$expected" "$out"; then
    printf '%-30s found by "%s" after %s states, a trace of %s steps\n' "$name" "$property" \
      "$(field '^ *\([0-9]*\) states, stored.*' "$out")" \
      "$(grep -c '^[0-9]' "$work/$name/seriald.pml.trail")"
  else
    printf '%-30s NOT FOUND by "%s" (macros: %s)\n' "$name" "$property" "$macros" >&2
    failures=$((failures + 1))
  fi
}

say "the model, $size: everything that holds"
# shellcheck disable=SC2034
progress='every free number is issued once faults stop'
# shellcheck disable=SC2034
safety='once, committed, partition, answers'
# shellcheck disable=SC2034
guarded='once, partition, remembered'
# shellcheck source=../../docs/model/configurations.sh
. docs/model/configurations.sh

if [ "$failures" -gt 0 ]; then fail "$failures checks of the model failed."; fi
say "the model holds, and each planted bug is found"
