# shellcheck shell=bash
# Sourced by the scripts beside it: where things are, and how to say what happens.
# Works with the bash 3.2 of macOS, as root or not, from a bare PATH.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TOOLS=$ROOT/.tools # what we install; nothing is installed outside the checkout but rustup's target and Debian packages
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
LOGS=$TOOLS/log
export CARGO_TARGET_DIR=$TARGET
# Ours first: a tool is only installed there when the one on PATH is missing or of another version.
export PATH=$TOOLS/bin:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin:$HOME/.cargo/bin
cd "$ROOT"

say() { printf '%s\n' "$*"; }
fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# at_least WANTED FOUND: is version FOUND (digits and dots) WANTED or newer?
at_least() {
    awk -v wanted="$1" -v found="$2" 'BEGIN {
        n = split(wanted, w, "."); split(found, f, ".")
        for (i = 1; i <= n; i++) if (w[i] + 0 != f[i] + 0) exit !(f[i] + 0 > w[i] + 0)
        exit 0
    }'
}

# minutes SECONDS: as a person reads them.
minutes() { if [ "$1" -lt 100 ]; then say "$1 s"; else say "$(($1 / 60)) min $(($1 % 60)) s"; fi; }

# step NAME WHAT EXPECTED COMMAND...: says what happens and about how long it takes, keeps the output in a log, shows its end
# when the command fails. Ending the script ends the command.
step() {
    local name=$1 what=$2 expected=$3 started=$SECONDS log child
    shift 3
    mkdir -p "$LOGS"
    log=$LOGS/$name.log
    say "==> $what ($expected)"
    set -m # a process group of its own, so that all that the command started ends with it
    "$@" >"$log" 2>&1 </dev/null &
    child=$!
    set +m
    # shellcheck disable=SC2064 # the number of now
    trap "kill -- -$child 2>/dev/null || true; exit 130" INT TERM
    if wait "$child"; then
        trap - INT TERM
        say "    done: $what ($(minutes $((SECONDS - started))))"
    else
        tail -n 40 "$log" >&2
        fail "$what failed; the whole output is in ${log#"$ROOT"/}"
    fi
}
