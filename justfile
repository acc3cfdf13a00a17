# `just` lists what there is to do. CI runs `.ci/run`, which does the same and brings its own servers.

_default:
    @just --list --unsorted

# Formatting, lints, documentation and licences.
check:
    cargo fmt --check
    cargo clippy --all-targets --locked -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked
    python3 .ci/licences.py

# All tests. Those that need a server say so when it is not there.
test *ARGS:
    cargo test {{ARGS}}

# Bring the servers that tests talk to: Debian's (as root), and others into target/servers, where the tests find them.
servers:
    bash -euc '. .ci/lib.sh && . .ci/servers.sh && install_packages && bring_programs "$PWD/target/servers"'

# Look at what changed in the pictures that the tests keep, and take over what is right.
snap:
    cargo insta test --review

# The benchmarks of single parts.
bench *ARGS:
    cargo bench {{ARGS}}

# The whole program beside its peers, in a pseudo-terminal; prints the table of docs/performance.md.
measure *ARGS:
    cargo build --release --locked
    python3 benches/measure.py {{ARGS}}

# The documentation of the code.
docs:
    cargo doc --no-deps --open
