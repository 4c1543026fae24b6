#!/usr/bin/env bash
# Installs the Debian packages that are missing, and nothing when none is: what everybody needs, and those
# named as arguments.
# Run as root, or as a user with sudo; only apt-get runs as root.

. "$(dirname "$0")/common.sh"

packages=(
  ca-certificates curl git
  libc6-dev libstdc++-12-dev pkg-config # to link Swift programs
  libpq-dev libssl-dev
  openssl # the tests judge certificates with it
  postgresql-15 postgresql-client-15
  "$@"
)
drop_in=/etc/postgresql-common/createcluster.d/seriald-bootstrap.conf
as_root=()

is_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

is_debian_like() {
  command -v apt-get >/dev/null && command -v dpkg-query >/dev/null
}

apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}

# The lists have a lock of their own, which the time limit above does not cover.
update_lists() {
  local try
  for try in 1 2 3 4 5 6; do
    if apt update >"$log" 2>&1; then return; fi
    if ! grep -q 'Could not get lock' "$log"; then break; fi
    say "another apt is running, waiting ($try of 6)"
    sleep 10
  done
  cat "$log" >&2
  say 'apt-get update failed; going on with the lists there are'
}

# Debian's package would make a cluster and start it on port 5432. The server of this project is
# private; the setting is taken back afterwards, since it is not ours to change for good.
without_debians_cluster() {
  "${as_root[@]}" mkdir -p "$(dirname "$drop_in")"
  echo 'create_main_cluster = false' | "${as_root[@]}" tee "$drop_in" >/dev/null
}

clean_up() {
  rm -f "$log"
  if [ -e "$drop_in" ]; then "${as_root[@]}" rm -f "$drop_in"; fi
}

find_swift

if ! is_debian_like; then
  if pkg-config --exists libpq openssl && command -v psql >/dev/null; then
    say 'not a Debian; libpq, OpenSSL and psql are there, going on'
    exit 0
  fi
  fail 'This is not Debian, and libpq, OpenSSL or PostgreSQL 15 is missing.' \
    'Install PostgreSQL 15 (server and client), the headers of libpq and OpenSSL, and pkg-config.'
fi

missing=()
for package in "${packages[@]}"; do
  is_installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

say "Debian packages to install: ${missing[*]}"
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || fail \
    "These packages are missing, and there is neither root nor sudo: ${missing[*]}" \
    "Have an administrator run: apt-get install ${missing[*]}
Before postgresql-15: put 'create_main_cluster = false' into $drop_in,
or Debian starts a server on port 5432."
  sudo -v || fail 'sudo was refused.' "Have an administrator run: apt-get install ${missing[*]}"
  as_root=(sudo)
fi

log=$(mktemp)
trap clean_up EXIT
update_lists
unknown=()
for package in "${missing[@]}"; do
  apt-cache show "$package" >/dev/null 2>&1 || unknown+=("$package")
done
if [ ${#unknown[@]} -gt 0 ]; then
  fail "apt knows no package ${unknown[*]}." \
    'This project is made for Debian 12. On others, PostgreSQL 15 comes from
https://wiki.postgresql.org/wiki/Apt; check the network and the sources of apt otherwise.'
fi
is_installed postgresql-15 || without_debians_cluster
apt install --no-install-recommends "${missing[@]}" || fail \
  'apt-get install failed; the reason is above.' \
  'With "No space left on device": free some space (df -h). Then run this again.'
