"""Measures crashcart beside its peers, in one run, and prints the tables of docs/performance.md.

    cargo build --release && python3 benches/measure.py [--only start,follow,...] [--quick]

Machines differ and are busy: only the ratios within one run mean something. Peers that are not installed are left out.
Everything runs on this machine: the web server that is polled, the logs that grow, the slow line.
"""

import argparse
import contextlib
import datetime
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from terminal import Line, Program, Usage

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STAMP = re.compile(r"t=(\d{15})")


# -- what is measured against -------------------------------------------------------------------------------------


class Server:
    """A web server in a process of its own that answers 200 to everything, with as little work as Python allows."""

    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, __file__, "_serve"], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    @staticmethod
    def serve():
        import asyncio

        async def answer(reader, writer):
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(Server.ANSWER)
                await writer.drain()
            writer.close()

        async def main():
            server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
            print(server.sockets[0].getsockname()[1], flush=True)
            await server.serve_forever()

        asyncio.run(main())


class Writer:
    """Writes so many lines a second to a log. Each line tells when it was written, in microseconds."""

    def __init__(self, path, rate):
        self.command = [sys.executable, __file__, "_write", path, str(rate)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    @staticmethod
    def write(path, rate):
        tick = 0.01
        due, number = time.monotonic(), 0
        owed = 0.0
        with open(path, "ab", buffering=0) as file:
            while True:
                owed += rate * tick
                lines = []
                now = int(time.monotonic() * 1e6)
                wall = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
                while owed >= 1:
                    number += 1
                    owed -= 1
                    lines.append(f"{wall}.{number % 1000:03}Z INFO t={now:015} request served path=/item/{number % 997}\n")
                file.write("".join(lines).encode())
                due += tick
                time.sleep(max(0.0, due - time.monotonic()))


def big_log(path, size):
    """Writes a log of about that many bytes, with three needles in it and the word `END-OF-LOG` in its last line."""
    levels = ["INFO"] * 17 + ["WARN", "WARN", "ERROR"]
    block = "".join(
        f"2024-01-01T{i // 3600 % 24:02}:{i // 60 % 60:02}:{i % 60:02}.{i % 1000:03}Z {levels[i % 20]} "
        f"worker-{i % 16} request {i * 7919 % 1000003} served in {i % 391} ms path=/api/v1/item/{i % 9973}\n"
        for i in range(80_000)
    ).encode()
    blocks = max(4, size // len(block))
    with open(path, "wb") as file:
        for number in range(blocks):
            # A day for each block, because some viewers sort what is not in the order of time.
            day = str(datetime.date(2024, 1, 1) + datetime.timedelta(days=number)).encode()
            file.write(block.replace(b"2024-01-01", day))
            if number in (blocks // 3, blocks * 2 // 3, blocks - 3):
                file.write(b"%sT23:59:59.000Z ERROR charge failed: Needle-%06d\n" % (day, number))
        file.write(day + b"T23:59:59.999Z INFO END-OF-LOG\n")


# -- helpers ------------------------------------------------------------------------------------------------------


class Bench:
    def __init__(self, options):
        self.options = options
        self.binary = os.path.abspath(options.binary)
        self.folder = tempfile.mkdtemp(prefix="crashcart-measure.")
        self.repeat = 3 if options.quick else 9

    def path(self, name):
        return os.path.join(self.folder, name)

    def crashcart(self, arguments, state="state", **more):
        env = {"XDG_STATE_HOME": self.path(state), "XDG_CONFIG_HOME": self.path("config"), "HOME": self.folder}
        return Program([self.binary, *arguments], env=env, cwd=self.folder, **more)

    def config(self, name, services, port, every, checks=1):
        path = self.path(name)
        with open(path, "w") as file:
            file.write('[project]\nname = "bench"\n')
            for number in range(services):
                url = f"http://127.0.0.1:{port}/s{number}"
                file.write(f'\n[[services]]\nname = "service-{number:04}"\n')
                file.write(f'checks = [ {{ http = "{url}", every = "{every}" }} ]\n')
        return path

    def peers(self, *commands):
        for command in commands:
            if shutil.which(command[0]):
                yield command[0], lambda command=command, **more: Program(list(command), **more)


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def table(title, columns, rows, note=""):
    print(f"\n### {title}\n")
    if note:
        print(f"{note}\n")
    print("| " + " | ".join(columns) + " |")
    print("|---" + "|--:" * (len(columns) - 1) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    sys.stdout.flush()


def number(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def ratio(value, of):
    return "-" if not of or value is None else f"{value / of:.2f}"


# -- the measurements ---------------------------------------------------------------------------------------------


def start(bench):
    """First paint, and what an idle console costs."""
    small = bench.path("small.log")
    with open(small, "w") as file:
        file.writelines(f"2026-03-01T00:00:00Z INFO line {n}\n" for n in range(1000))
    rows = []

    def measure(name, open_program, shows, idle_note=""):
        paints, first_bytes = [], []
        for _ in range(bench.repeat):
            with open_program() as program:
                paints.append((program.wait_for(shows, 20) - program.started) * 1000)
                program.settle(0.2, 3)
                first_bytes.append(program.received)
        with open_program() as program:
            program.wait_for(shows, 20)
            program.settle(1.0, 10)
            seconds = 3 if bench.options.quick else 20
            before, bytes_before = Usage(program.pid), program.received
            program.pump(seconds)
            after = Usage(program.pid)
            rows.append([
                name + idle_note,
                number(statistics.median(paints), 1),
                number(statistics.median(first_bytes)),
                number((program.received - bytes_before) / seconds),
                number((after.processor - before.processor) / seconds * 100, 2),
                number((after.wakeups - before.wakeups) / seconds, 1),
                number(after.resident / 1e6, 1),
            ])

    with Server() as server:
        for services in (50, 1000):
            # So long an interval that nothing is due while we look.
            config = bench.config(f"start{services}.toml", services, server.port, "10m")
            state = f"state{services}"
            with bench.crashcart(["--config", config], state=state) as program:
                program.wait_for("service-0000", 20)
                program.pump(4 if services < 100 else 12)
                program.type("q")
                program.pump(3)
            opened = lambda: bench.crashcart(["--config", config], state=state)
            measure(f"crashcart, {services:,} services", opened, "service-00")
    for name, opened in bench.peers(["less", small], ["lnav", small], ["multitail", small], ["htop"], ["btop"], ["btm"]):
        measure(name, opened, {"htop": "PID", "btop": "proc", "btm": "CPU"}.get(name, r"INFO line \d+"))
    columns = ["program", "first paint, ms", "bytes of it", "idle bytes/s", "idle CPU %", "wake-ups/s", "RSS MB"]
    table("Start and idle", columns, rows)


def follow(bench):
    """How old the newest line on the screen is while a log grows."""
    seconds = 3 if bench.options.quick else 10
    rows = []
    for rate in (1_000, 10_000, 100_000):
        log = bench.path(f"follow{rate}.log")
        programs = [("crashcart", lambda: bench.crashcart(["--log", log]))]
        programs += bench.peers(["lnav", log], ["multitail", log], ["less", "+F", log])
        for name, opened in programs:
            open(log, "w").close()
            with Writer(log, rate), opened() as program:
                if name == "crashcart":
                    open_logs(program)
                program.wait_for(STAMP.pattern, 20)
                program.pump(1.0)
                ages = []
                before, bytes_before, begun = Usage(program.pid), program.received, time.monotonic()
                while time.monotonic() - begun < seconds:
                    program.pump(0.01)
                    stamps = STAMP.findall(program.screen.text())
                    ages += [time.monotonic() - int(max(stamps)) / 1e6] if stamps else []
                took = time.monotonic() - begun
                after = Usage(program.pid)
                rows.append([
                    name, number(rate),
                    number(statistics.median(ages) * 1000), number(percentile(ages, 0.95) * 1000),
                    number((after.processor - before.processor) / took * 100, 1),
                    number((program.received - bytes_before) / took / 1000),
                    number(after.resident / 1e6, 1),
                ])
    columns = ["program", "lines/s", "age p50, ms", "age p95, ms", "CPU %", "kB/s to the terminal", "RSS MB"]
    table("Following a growing log", columns, rows, "Age: of the newest line on the screen, sampled every 10 ms.")


def open_logs(program):
    """Goes to the log pane of a fresh console."""
    program.wait_for(r"\S", 10)
    program.type("l")


def keys(bench):
    """From the key to the character on the screen, alone and under load."""
    rows = []

    def measure(name, opened, prompt, shows, load=""):
        times = []
        with opened() as program:
            shows(program)
            program.pump(1.0 if not load else 8.0)
            for index in range(60 if bench.options.quick else 300):
                # A prompt echoes what is typed: that is the same in every program, and nothing else writes it.
                program.type(prompt)
                program.pump(0.05)
                letters = "zqx"[index % 3] * 3
                times.append(program.key_latency(letters, letters, 5))
                program.type("\x7f" * 3 + "\x1b")
                program.pump(0.04)
            rows.append([name, load or "nothing"] + [
                number(value * 1000, 1)
                for value in (statistics.median(times), percentile(times, 0.95), percentile(times, 0.99), max(times))
            ])

    small = bench.path("small.log")
    with open(small, "w") as file:
        file.writelines(f"2026-03-01T00:00:00Z INFO line {n}\n" for n in range(1000))
    with Server() as server:
        for services, load in ((1, ""), (500, "500 endpoints polled every 5 s")):
            config = bench.config(f"keys{services}.toml", services, server.port, "5s" if load else "10m")
            opened = lambda: bench.crashcart(["--config", config], state=f"keys{services}")
            measure("crashcart", opened, ":", lambda program: program.wait_for("service-0000", 20), load)
    for name, opened in bench.peers(["less", small]):
        measure(name, opened, "/", lambda program: program.wait_for("INFO line"))
    table("Key to screen", ["program", "meanwhile", "p50, ms", "p95, ms", "p99, ms", "max, ms"], rows)


def poll(bench):
    """What it costs to poll many endpoints."""
    rows = []
    seconds = 10 if bench.options.quick else 30
    with Server() as server:
        for services in (500, 1000):
            config = bench.config(f"poll{services}.toml", services, server.port, "10s")
            with bench.crashcart(["--config", config], state=f"poll{services}") as program:
                program.wait_for("service-0000", 20)
                program.pump(12)
                before, bytes_before = Usage(program.pid), program.received
                program.pump(seconds)
                after = Usage(program.pid)
                rows.append([
                    number(services), "10 s",
                    number((after.processor - before.processor) / seconds * 100, 1),
                    number((program.received - bytes_before) / seconds),
                    number(after.resident / 1e6, 1),
                    number((after.resident - before.resident) / 1e6, 2),
                ])
    columns = ["endpoints", "every", "CPU % of one core", "bytes/s to the terminal", "RSS MB", "growth MB"]
    table("Polling", columns, rows)


def big(bench):
    """A gigabyte: opening at its end, memory, searching."""
    log = bench.path("big.log")
    os.makedirs(bench.path("lnav"))
    size = 100_000_000 if bench.options.quick else 1_000_000_000
    big_log(log, size)
    with open(log, "rb") as file:
        while file.read(1 << 24):
            pass
    size = os.path.getsize(log)
    needle = "Needle-[0-9]+"

    def clock(command):
        begun = time.monotonic()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return time.monotonic() - begun

    rows = []

    def measure(name, opened, to_end, search, first, all_found):
        with opened() as program:
            program.pump(0.0)
            paint = program.wait_for(r"END-OF-LOG|worker-\d+", 60) - program.started
            program.type(to_end)
            end = program.wait_for("END-OF-LOG", 120) - program.started
            program.settle(0.5, 5)
            opened_usage = Usage(program.pid)
            # Right before, so that both find the machine equally busy.
            limit = min(clock(["rg", "-c", needle, log]) for _ in range(3)) if shutil.which("rg") else None
            program.type(search[0])
            program.pump(0.2)
            program.type(search[1])
            program.pump(0.2)
            begun = time.monotonic()
            program.type(search[2])
            first_hit = program.wait_for(first, 120) - begun
            everything = program.wait_for(all_found, 180) - begun if all_found else None
            after = Usage(program.pid)
            rows.append([
                name, number(paint * 1000), number(end * 1000),
                f"{opened_usage.own / 1e6:.0f} / {after.peak / 1e6:.0f}",
                number(first_hit, 2), number(everything, 2), number(limit, 2), ratio(everything, limit),
            ])

    try:
        opened = lambda: bench.crashcart(["--log", log], state="big")
        measure("crashcart", opened, "lG", CRASHCART_SEARCH, CRASHCART_FIRST, CRASHCART_ALL)
        for name, opened in bench.peers(["lnav", "-I", bench.path("lnav"), log], ["less", log]):
            if name == "lnav":
                measure(name, opened, "G", ("/", needle, "\r"), r"\b[1-3] hits", r"\b3 hits")
            else:
                # Backwards, because less is at the end; it has no search of the whole file.
                measure(name, opened, "G", ("?", needle, "\r"), r"ERROR charge failed: Needle", None)
    finally:
        os.remove(log)
    columns = ["program", "first paint, ms", "end visible, ms", "own / peak memory, MB", "first hit, s", "all hits, s", "rg -c, s", "ratio"]
    table(f"A log of {size / 1e9:.1f} GB", columns, rows)


CRASHCART_SEARCH = ("/", "Needle-[0-9]+", "\r")
CRASHCART_FIRST = r"charge failed: Needle"
CRASHCART_ALL = r"\b3 matches in"


def slow(bench):
    """A line of 30 kbit/s and 200 ms there and back, with the buffers of ssh and TCP on the way."""
    rows = []
    seconds = 8 if bench.options.quick else 20
    log = bench.path("slow.log")
    programs = [("crashcart", lambda **more: bench.crashcart(["--log", log], state="slow", **more), "q")]
    programs += [
        (name, opened, "q" if name != "less" else "\x03q")
        for name, opened in bench.peers(["lnav", log], ["less", "+F", log], ["multitail", log])
    ]
    for name, opened, leave in programs:
        open(log, "w").close()
        with Writer(log, 200), opened(line=Line(bytes_per_second=3750, delay=0.1)) as program:
            if name == "crashcart":
                open_logs(program)
            program.wait_for(STAMP.pattern, 60)
            ages, begun = [], time.monotonic()
            while time.monotonic() - begun < seconds:
                program.pump(0.05)
                stamps = STAMP.findall(program.screen.text())
                ages += [(time.monotonic() - begun, time.monotonic() - int(max(stamps)) / 1e6)] if stamps else []
            late = [age for at, age in ages if at > seconds * 0.6]
            in_flight = program.line.waiting
            pressed = time.monotonic()
            program.type(leave)
            deadline = pressed + 120
            while time.monotonic() < deadline and (program.ended is None or program.line.down):
                program.pump(0.5, lambda _: program.ended is not None and not program.line.down)
            left = time.monotonic() - pressed if program.ended else None
            rows.append([
                name, number(statistics.median(late), 1), number(max(late), 1), number(in_flight / 1000, 1), number(left, 1),
            ])
    columns = ["program", "age p50, s", "age max, s", "kB in flight", "prompt back after, s"]
    table("A slow line", columns, rows, "30 kbit/s, 200 ms there and back, 200 lines/s; ages in the last 40 % of the time.")


MEASUREMENTS = {"start": start, "follow": follow, "keys": keys, "poll": poll, "big": big, "slow": slow}


def main():
    if sys.argv[1:2] == ["_serve"]:
        return Server.serve()
    if sys.argv[1:2] == ["_write"]:
        return Writer.write(sys.argv[2], int(sys.argv[3]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="comma-separated: " + ", ".join(MEASUREMENTS))
    parser.add_argument("--quick", action="store_true", help="fewer repetitions and a smaller log: to try the tool itself")
    parser.add_argument("--binary", default=os.path.join(ROOT, "target/release/crashcart"))
    options = parser.parse_args()
    bench = Bench(options)
    try:
        for name in options.only.split(",") if options.only else MEASUREMENTS:
            MEASUREMENTS[name](bench)
    finally:
        shutil.rmtree(bench.folder, ignore_errors=True)


main()
