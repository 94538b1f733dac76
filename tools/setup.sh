#!/bin/sh
# Makes this checkout ready: Debian packages that are missing, then .venv from the lock.
#   tools/setup.sh run      what `make run` needs
#   tools/setup.sh test     the same and what `make test` needs
#   tools/setup.sh bench    the same and what `make bench-call` needs of Debian
# BEDSIDE_NO_APT=1 installs no Debian package, it only names those that are missing.
# PYTHON=/path/to/python takes another Python than the system's.
# Where packages come from is the machine's own apt and pip configuration; nothing of it is set here.
set -eu
cd "$(dirname "$0")/.."
purpose=${1:-run}
case $purpose in
  run) lock=requirements.lock lists=tools/apt-run.txt ;;
  test) lock=requirements-dev.lock lists="tools/apt-run.txt tools/apt-test.txt" ;;
  bench) lock=requirements-dev.lock lists="tools/apt-run.txt tools/apt-test.txt tools/apt-bench.txt" ;;
  *) echo "usage: tools/setup.sh run|test|bench" >&2; exit 2 ;;
esac

marker=$purpose
if [ "$purpose" = bench ]; then marker=test; fi # the same Python packages

# Two makes at once in one checkout: the second waits and finds the work done.
if command -v flock >/dev/null; then
  exec 9<tools/setup.sh
  flock 9
fi

scratch=$(mktemp -d)
python_job=
trap '[ -z "$python_job" ] || kill "$python_job" 2>/dev/null || :; rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

now_ms() { date +%s%3N; }
started_ms=$(now_ms)
say_time() { # what, since when
  tenths=$((($(now_ms) - $2) / 100))
  echo "set-up: $1: $((tenths / 10)).$((tenths % 10)) s"
}
stop() {
  echo "set-up: $1" >&2
  exit 1
}

# --- Debian packages -----------------------------------------------------------------------------

# The lines of the lists whose package, or none of whose alternatives, is installed.
missing_lines() {
  # shellcheck disable=SC2086  # two files, two words
  sed -e 's/#.*//' -e '/^ *$/d' $lists >"$scratch/lines"
  # shellcheck disable=SC2046  # one word for each name
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' \
    $(sed -e 's/^[a-z]* //' -e 's/|/ /g' "$scratch/lines") 2>/dev/null |
    sed -n 's/^installed //p' >"$scratch/installed" || :
  awk 'NR == FNR { have[$1]; next }
       { found = 0; for (i = 2; i <= NF; i++) if ($i in have) found = 1; if (!found) print }' \
    "$scratch/installed" "$scratch/lines"
}

# One name for each missing line: the first alternative that apt knows (names differ by release).
chosen_names() {
  while read -r _ names; do
    chosen=
    for name in $(echo "$names" | tr -d '|'); do
      if [ -z "$chosen" ] || ! apt-cache show "$chosen" >/dev/null 2>&1; then chosen=$name; fi
    done
    echo "$chosen"
  done <"$scratch/missing"
}

# An archive that one test needs is no service of this machine: not now, and not after a restart.
# Says "made" when it has forbidden all starting for as long as apt works.
keep_quiet() {
  grep -q '^want orthanc *$' "$scratch/missing" || return 0
  if [ -d /etc/systemd/system ] && [ ! -e /etc/systemd/system/orthanc.service ]; then
    $as_root ln -s /dev/null /etc/systemd/system/orthanc.service
  fi
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee /usr/sbin/policy-rc.d >/dev/null
    $as_root chmod 755 /usr/sbin/policy-rc.d
    echo made
  fi
}

packages() {
  as_root=
  if [ "${BEDSIDE_NO_APT:-}" = 1 ]; then
    as_root=no
  elif [ "$(id -u)" != 0 ]; then
    # With a terminal sudo may ask for the password; without one it must not hang.
    if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then as_root=sudo; else as_root=no; fi
  fi
  if [ "$as_root" = no ]; then
    echo "set-up: Debian packages are missing. To install them, run as root:"
    echo "  apt-get update && apt-get install --no-install-recommends -y $(chosen_names | tr '\n' ' ')"
    if grep -q '^need' "$scratch/missing"; then
      stop "stopped: without $(sed -n 's/^need //p' "$scratch/missing" | tr '\n' ';' | sed 's/;$//; s/;/, /g') nothing starts"
    fi
    echo "set-up: going on without them"
    return
  fi
  echo "set-up: installing $(wc -l <"$scratch/missing") Debian packages"
  quiet=$(keep_quiet)
  $as_root apt-get update -qq >"$scratch/apt.log" 2>&1 || echo "set-up: apt-get update failed, going on with the lists at hand"
  # shellcheck disable=SC2046  # one word for each name
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install --no-install-recommends -y -qq \
    -o Dpkg::Use-Pty=0 $(chosen_names) >>"$scratch/apt.log" 2>&1 || {
    tail -n 15 "$scratch/apt.log" >&2
    if [ "$quiet" = made ]; then $as_root rm -f /usr/sbin/policy-rc.d; fi
    stop "apt-get install failed"
  }
  if [ "$quiet" = made ]; then $as_root rm -f /usr/sbin/policy-rc.d; fi
  say_time "Debian packages" "$started_ms"
}

# --- Python --------------------------------------------------------------------------------------

# The system's Python first: the accessibility bus (pyatspi, gi) is built for that one.
find_python() {
  for candidate in ${PYTHON:-/usr/bin/python3 python3 python3.13 python3.12 python3.11}; do
    version=$("$candidate" -c 'import platform, sys; print(platform.python_version() if (3, 11) <= sys.version_info < (3, 14) else "")' 2>/dev/null) || version=
    if [ -n "$version" ]; then
      python=$candidate
      return
    fi
  done
  stop "needs Python 3.11, 3.12 or 3.13 (Debian 12 and 13 have one); found none. PYTHON=/path/to/python names another."
}

python_packages() {
  python_started_ms=$(now_ms)
  rm -f .venv/.ready-*
  made_for=$(cat .venv/.made-for 2>/dev/null || :)
  if [ "$made_for" != "$version $PWD" ] || ! .venv/bin/python -c '' 2>/dev/null; then
    rm -rf .venv
    "$python" -m venv .venv
    echo "$version $PWD" >.venv/.made-for
  fi
  # The lock is complete, so nothing is left to resolve.
  .venv/bin/python -m pip install -q --disable-pip-version-check --no-input --no-deps --no-compile \
    --require-hashes --only-binary :all: -r "$lock" >"$scratch/pip.log" 2>&1 || {
    grep -v '^WARNING: Location' "$scratch/pip.log" | tail -n 15 >&2
    stop "pip install failed"
  }
  # Apart from pip, because this way both cores compile; several programs start at once soon after.
  .venv/bin/python -m compileall -q -j 0 .venv/lib >/dev/null 2>&1 || :
  echo "$key" >".venv/.ready-$marker"
  # The tests' lock holds all that running needs, in the same versions.
  if [ "$marker" = test ]; then ready_key requirements.lock >.venv/.ready-run; fi
  say_time "Python packages" "$python_started_ms"
}

ready_key() { echo "$(sha256sum <"$1" | cut -c 1-64) $version $PWD"; }

# --- both, side by side where possible -----------------------------------------------------------

: >"$scratch/missing"
if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
  missing_lines >"$scratch/missing"
else
  echo "set-up: no Debian, so the system libraries of tools/apt-run.txt are not checked"
fi

find_python
if "$python" -c 'import ensurepip' 2>/dev/null; then
  # A Python from elsewhere, or one whose parts stand in another package, needs no python3-venv.
  sed -i '/^need python3-venv$/d' "$scratch/missing"
fi
key=$(ready_key "$lock")
python_is_ready=no
if [ "$(cat ".venv/.ready-$marker" 2>/dev/null || :)" = "$key" ]; then python_is_ready=yes; fi

if [ -s "$scratch/missing" ] && [ "$python_is_ready" = no ] && "$python" -c 'import ensurepip' 2>/dev/null; then
  # apt waits for disks and archives, pip for wheels: together they take the time of the longer one.
  python_packages &
  python_job=$!
fi
if [ -s "$scratch/missing" ]; then packages; fi
if [ -n "$python_job" ]; then
  wait "$python_job" || { python_job=; exit 1; }
  python_job=
elif [ "$python_is_ready" = no ]; then
  python_packages
fi
say_time "ready" "$started_ms"
