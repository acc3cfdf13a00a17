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

# What the tests talk to. Without root, or without apt, the tests use what is there.
install_packages() {
    local wanted=(openssh-server openssh-client iproute2 procps mount python3)
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "not root, or no apt: nothing installed"
        return
    fi
    export DEBIAN_FRONTEND=noninteractive
    local missing=() package
    for package in "${wanted[@]}"; do
        dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
    done
    if [ ${#missing[@]} = 0 ]; then
        echo "all there: ${wanted[*]}"
        return
    fi
    # A package that starts its service when it is installed would take ports that are not ours: it may not.
    local policy=/usr/sbin/policy-rc.d ours=no
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        ours=yes
    fi
    local status=0
    again apt-get update -qq &&
        again apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$scratch/apt.log" 2>&1 || status=$?
    [ "$ours" = no ] || rm -f "$policy"
    [ "$status" = 0 ] || tail -20 "$scratch/apt.log"
    return "$status"
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

# The README's test command, and the sum of what its many parts ran: a run that tested nothing has failed.
run_tests() {
    cargo test 2>&1 | tee "$scratch/tests.log"
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
