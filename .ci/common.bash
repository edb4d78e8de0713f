# shellcheck shell=bash
# What every script in this folder shares: sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export HOME=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
export PATH=$PATH:$HOME/.cargo/bin
# Outside the checkout, so that a fresh clone reuses what an earlier one built.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$HOME/.cache/fuldmagt/target}
# The service takes every other FULDMAGT_ variable for configuration, and refuses what it does not know.
export FULDMAGT_TEST_VENV=${FULDMAGT_TEST_VENV:-$HOME/.cache/fuldmagt/venv}
export BUF_HOME=${BUF_HOME:-$HOME/.cache/fuldmagt/buf}

# Exit codes of sysexits.h: wrong usage, and something missing on this machine.
EX_USAGE=64
EX_UNAVAILABLE=69
# Ours: a check that could not run on this machine, for a reason it printed.
NOT_RUN=99

# fail MESSAGE [CODE]
fail() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit "${2:-1}"
}

# not_run REASON
not_run() {
    printf 'SKIPPED: %s\n' "$1" >&2
    return "$NOT_RUN"
}

# title TEXT: a line that stands out between the lines of other programs.
title() {
    printf '\n\033[1m==> %s\033[0m\n' "$1"
}

# took SECONDS
took() {
    printf '%dm%02ds' $(($1 / 60)) $(($1 % 60))
}

# timed TITLE COMMAND...: runs it under a title, then says how long it took and how it ended.
timed() {
    local name=$1 start=$SECONDS code=0
    shift
    title "$name"
    "$@" || code=$?
    if ((code == 0)); then
        printf -- '--- %s: ok, %s\n' "$name" "$(took $((SECONDS - start)))"
    else
        printf -- '--- %s: FAILED (%d), %s\n' "$name" "$code" "$(took $((SECONDS - start)))"
    fi
    return "$code"
}
