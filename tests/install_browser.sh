#!/bin/sh
# Sees to a Chromium for the browser test: one that is installed, Debian's, or playwright's own. $1: the Python to use.
set -eu

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done

if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" -eq 0 ]; then as_root=""; else as_root="sudo -n"; fi
    if $as_root apt-get update -q >/dev/null && $as_root apt-get install -y -q chromium >/dev/null; then exit 0; fi
fi

exec "$1" -m playwright install chromium
