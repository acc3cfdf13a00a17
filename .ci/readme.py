"""Runs the README's first command as a reader would, in a pseudo-terminal, and looks for what it promises."""

import contextlib
import os
import re
import signal
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "benches"))

from terminal import Program  # noqa: E402


@contextlib.contextmanager
def ending(session):
    """Ends what is left of a session: the command starts a server in the background, which has a port of its own."""
    try:
        yield
    finally:
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                with open(f"/proc/{name}/stat") as file:
                    # Behind the name in brackets, which may hold anything: state, parent, group, session.
                    fields = file.read().rpartition(")")[2].split()
                if int(fields[3]) == session:
                    os.kill(int(name), signal.SIGTERM)


def main():
    with open(os.path.join(ROOT, "README.md")) as file:
        command = re.search(r"^```sh\n(.*?)\n```$", file.read(), re.S | re.M)[1]
    print(command)
    with Program(["bash", "--norc", "-ic", command], cwd=ROOT) as program, ending(program.pid):
        # The build may have to begin from nothing.
        program.wait_for(r"1 service ok", seconds=1800)
        program.wait_for(r"GET / HTTP/1.1", seconds=60)
        print(program.screen.text())
        program.type("q")
        program.pump(5, lambda _: program.ended is not None)


if __name__ == "__main__":
    main()
