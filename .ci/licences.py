"""Checks deny.toml's licences, bans and sources against Cargo.lock, for machines without cargo-deny.

It looks at what is compiled into the program (normal and build dependencies, all platforms of deny.toml). Advisories
need cargo-deny and its database.
"""

import re
import subprocess
import sys
import tomllib

RULES = tomllib.load(open("deny.toml", "rb"))


def allowed(expression, allow):
    """Evaluates an SPDX expression: OR takes the better side, AND needs both. `/` is the old way to write OR."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))

    def licence():
        if tokens[0] == "(":
            tokens.pop(0)
            value = any_of()
            tokens.pop(0)
            return value
        name = tokens.pop(0)
        if tokens[:1] == ["WITH"]:
            name += " WITH " + tokens[1]
            del tokens[:2]
        return name in allow

    def all_of():
        value = licence()
        while tokens[:1] == ["AND"]:
            tokens.pop(0)
            value = licence() and value
        return value

    def any_of():
        value = all_of()
        while tokens[:1] == ["OR"]:
            tokens.pop(0)
            value = all_of() or value
        return value

    return any_of()


def packages_of(target):
    """Returns name, version, where from and licence of everything that the program is built from."""
    # `cargo metadata` would also list what only switched-off features need; `cargo tree` does not.
    command = ["cargo", "tree", "--locked", "--prefix", "none", "--edges", "normal,build", "--target", target]
    listed = subprocess.run([*command, "--format", "{p}\t{l}"], check=True, stdout=subprocess.PIPE, text=True).stdout
    for line in listed.splitlines():
        package, licence = line.removesuffix(" (*)").split("\t")
        name, version, *origin = package.replace(" (proc-macro)", "").split(" ", 2)
        yield name, version, "".join(origin), licence


def troubles(name, version, origin, licence):
    if not licence:
        yield f"{name} {version} names no licence"
    elif not allowed(licence, RULES["licenses"]["allow"] + exceptions(name)):
        yield f"{name} {version} has the licence {licence}, which deny.toml does not allow"
    for ban in RULES["bans"]["deny"]:
        if ban["crate"] == name:
            yield f'{name} {version} is banned: {ban["reason"]}'
    # Only a package from elsewhere than the registry has its origin printed.
    if origin and name != "crashcart":
        yield f"{name} {version} does not come from the registry but from {origin}"


def exceptions(name):
    found = [row["allow"] for row in RULES["licenses"].get("exceptions", []) if row["crate"] == name]
    return sum(found, [])


def main():
    # The checker must be able to fail.
    assert allowed("MIT OR GPL-3.0", ["MIT"]) and not allowed("MIT AND GPL-3.0", ["MIT"])
    assert allowed("(MIT OR GPL-3.0) AND ISC", ["MIT", "ISC"]) and not allowed("GPL-3.0/AGPL-3.0", ["MIT"])
    assert not allowed("Apache-2.0 WITH LLVM-exception", ["Apache-2.0"])
    packages = {package for target in RULES["graph"]["targets"] for package in packages_of(target)}
    found = sorted({trouble for package in packages for trouble in troubles(*package)})
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(packages)} packages looked at, {len(found)} troubles")
    return 1 if found or len(packages) < 20 else 0


sys.exit(main())
