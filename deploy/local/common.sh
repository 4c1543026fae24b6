# shellcheck shell=bash
# Sourced by the scripts of deploy/. Leaves the working directory at the project's top.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

say() { printf '==> %s\n' "$*"; }

# fail MESSAGE [WHAT TO DO]
fail() {
  printf 'error: %s\n' "$1" >&2
  if [ $# -gt 1 ]; then printf '%s\n' "$2" >&2; fi
  exit 1
}

# Runs a step and says how long it took.
timed() {
  local name=$1 start=$SECONDS
  shift
  say "$name"
  "$@" || fail "$name failed after $((SECONDS - start)) s"
  say "$name: $((SECONDS - start)) s"
}

# Puts Swift into PATH: sudo and non-login shells often drop the folder it was installed in.
find_swift() {
  local folder
  if ! command -v swift >/dev/null; then
    for folder in "${SWIFTLY_BIN_DIR:-}" "${HOME:-/root}/.local/share/swiftly/bin" \
      /opt/swift/usr/bin /usr/local/swift/usr/bin /usr/share/swift/usr/bin; do
      if [ -n "$folder" ] && [ -x "$folder/swift" ]; then
        PATH="$folder:$PATH"
        break
      fi
    done
  fi
  if ! command -v swift >/dev/null; then
    fail 'Swift was not found.' \
      'Install Swift 6.3 (https://www.swift.org/install/linux/), for example by swiftly:
  curl -O "https://download.swift.org/swiftly/linux/swiftly-$(uname -m).tar.gz"
  tar xzf "swiftly-$(uname -m).tar.gz" && ./swiftly init
Then open a new shell, so that `swift --version` works, and run this again.'
  fi
  local version
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
  case $version in
    '') fail "$(command -v swift) does not run." 'Run `swift --version` to see why.' ;;
    [0-5].* | 6.[01]) fail "Swift $version is too old; 6.2 or newer is needed." \
      'See https://www.swift.org/install/linux/' ;;
  esac
}

# A target that imports what its manifest does not name is an error.
swift_build() {
  swift build --explicit-target-dependency-import-check error "$@"
}
