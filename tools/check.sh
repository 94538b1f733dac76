#!/bin/sh
# Format, lint, types and import laws of what exists. All four speak before the command fails.
set -u
cd "$(dirname "$0")/.."
failed=0
report=$(mktemp)
trap 'rm -f "$report"' EXIT
step() {
  name=$1
  shift
  started_ms=$(date +%s%3N)
  if "$@"; then result=ok; else
    result=FAILED
    failed=$((failed + 1))
  fi
  tenths=$((($(date +%s%3N) - started_ms) / 100))
  echo "check: $name $result, $((tenths / 10)).$((tenths % 10)) s"
}

# Its report is long and of no interest while the laws are kept.
import_laws() { .venv/bin/lint-imports --no-logo >"$report" 2>&1 || { cat "$report"; return 1; }; }

typed=
for room in app ui media peripherals offline_store server demo bench tests tools main.py; do
  if [ -e "$room" ]; then typed="$typed $room"; fi
done

step "format" .venv/bin/ruff format --quiet --check .
step "lint" .venv/bin/ruff check --quiet .
# shellcheck disable=SC2086  # one word for each room
step "types" .venv/bin/mypy --no-error-summary $typed
step "import laws" import_laws
exit $((failed > 0))
