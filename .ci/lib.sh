# The steps of .ci/run, and how they are timed and cleaned up. Sourced, never run.

scratch=$(mktemp -d "${TMPDIR:-/tmp}/crashcart-ci.XXXXXX")
timings="$scratch/timings"
started=()

clean_up() {
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# section NAME COMMAND...: says what is being done, does it, and notes how long it took.
section() {
    local name=$1 begun=$SECONDS
    shift
    printf '\n== %s\n' "$name"
    if ! "$@"; then
        printf '\n== FAILED: %s (after %d s)\n' "$name" $((SECONDS - begun))
        exit 1
    fi
    printf '%6d s  %s\n' $((SECONDS - begun)) "$name" >>"$timings"
}

# again COMMAND...: up to five tries, for what depends on somebody else's server.
again() {
    local try
    for try in 1 2 3 4 5; do
        "$@" && return 0
        printf 'try %d of 5 failed: %s\n' "$try" "$*"
        sleep $((try * 3))
    done
    return 1
}

# Known holes in what we depend on. Needs cargo-deny and its database, which not every machine can reach.
advisories() {
    if ! command -v cargo-deny >/dev/null; then
        echo "skipped: cargo-deny is not installed (cargo install cargo-deny)"
    elif ! cargo deny fetch db >"$scratch/deny.log" 2>&1; then
        echo "skipped: the advisory database cannot be reached from here"
    else
        cargo deny --offline check
    fi
}

# run_tests FOLDER: the README's test command, with its temporary files in that folder, and the sum of what its many parts
# ran: a run that tested nothing has failed.
run_tests() {
    mkdir "$1"
    TMPDIR=$1 cargo test 2>&1 | tee "$scratch/tests.log"
    local status=${PIPESTATUS[0]}
    sum=$(awk '/^test result:/ { passed += $4; failed += $6 } END { print passed + 0 " passed, " failed + 0 " failed" }' \
        "$scratch/tests.log")
    [ "$status" = 0 ] && [ "${sum%% *}" -gt 0 ]
}

finish() {
    printf '\n== all done in %d s\n' "$SECONDS"
    cat "$timings"
    printf '%s\n' "$sum"
}
