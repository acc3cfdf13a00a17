"""Runs the README's first command as a reader would, in a pseudo-terminal, and looks for what it promises."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "benches"))

from terminal import Program  # noqa: E402


def main():
    with open(os.path.join(ROOT, "README.md")) as file:
        command = re.search(r"^```sh\n(.*?)\n```$", file.read(), re.S | re.M)[1]
    print(command)
    # A shell of its own session: what it starts in the background ends with it.
    with Program(["bash", "--norc", "-ic", command], cwd=ROOT) as program:
        # The build may have to begin from nothing.
        program.wait_for(r"1 service ok", seconds=1800)
        program.wait_for(r"GET / HTTP/1.1", seconds=60)
        print(program.screen.text())
        program.type("q")
        program.pump(5, lambda _: program.ended is not None)


if __name__ == "__main__":
    main()
