#!/usr/bin/env bash
# Installs schemathesis, which holds a running node against its description, into .build/schemathesis, and
# prints the path of the program. Nothing is done when it is there already.

. "$(dirname "$0")/../../local/common.sh"

version=4.32.5
folder=$PWD/.build/schemathesis
program=$folder/bin/schemathesis

if [ -x "$program" ] && "$program" --version 2>/dev/null | grep -q " $version\$"; then
  echo "$program"
  exit 0
fi
{
  # Debian's python3 makes an environment only with python3-venv; others bring it with them.
  python3 -c 'import ensurepip, venv' 2>/dev/null || deploy/local/bootstrap.sh python3 python3-venv
  rm -rf "$folder"
  python3 -m venv "$folder" || fail 'python3 cannot make an environment.'
  "$folder/bin/pip" --quiet --disable-pip-version-check install "schemathesis==$version" ||
    fail 'schemathesis could not be installed from PyPI.' \
      'Check the network; pip reads a mirror from PIP_INDEX_URL or pip.conf.'
} >&2
echo "$program"
