"""A terminal to measure programs in: runs one in a pseudo-terminal, keeps its screen, and times what appears on it.

It answers the questions that programs ask a terminal, as a terminal does. `Line` puts a slow connection between the
two: like ssh over TCP it takes a megabyte before it makes the program wait, and hands it on at its own pace.
"""

import collections
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
import unicodedata

TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f\x80-\x9f]+)"
    r"|\x1b\[(?P<params>[0-?]*)(?P<middle>[ -/]*)(?P<final>[@-~])"
    r"|\x1b\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|\x1b[PX^_][^\x1b]*\x1b\\"
    r"|\x1b[()*+#%][0-~]"
    r"|\x1b(?P<escape>[0-OQ-WYZ\\`-~=>])"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f\x80-\x9f])",
    re.S,
)


class Screen:
    """What a person would see. Colours are not kept."""

    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.answers = []
        self.cells = self.blank()
        self.other = self.blank()
        self.row = self.column = 0
        self.saved = (0, 0)
        self.top, self.bottom = 0, rows
        self.alternate = False
        self.cursor_shown = True
        self.rest = ""
        self.last = " "
        self.decoder = __import__("codecs").getincrementaldecoder("utf-8")("replace")

    def blank(self):
        return [[" "] * self.columns for _ in range(self.rows)]

    def text(self):
        return "\n".join("".join(row).rstrip() for row in self.cells)

    def feed(self, data):
        text = self.rest + self.decoder.decode(data)
        at = 0
        while at < len(text):
            found = TOKEN.match(text, at)
            if not found:
                # An escape sequence that has not arrived whole. One that never ends is dropped.
                if len(text) - at < 100_000:
                    break
                at += 1
                continue
            at = found.end()
            if found["text"] is not None:
                self.write(found["text"])
            elif found["final"] is not None:
                self.csi(found["params"], found["middle"], found["final"])
            elif found["control"] is not None:
                self.control(found["control"])
            elif found["escape"] is not None:
                self.escape(found["escape"])
            elif found["osc"] is not None and found["osc"].endswith(";?"):
                self.answers.append(f"\x1b]{found['osc'][:-1]}rgb:1c1c/1c1c/1c1c\x1b\\")
        self.rest = text[at:]

    def write(self, text):
        self.last = text[-1]
        if text.isascii():
            while text:
                if self.column >= self.columns:
                    self.column = 0
                    self.line_feed()
                part = text[: self.columns - self.column]
                self.cells[self.row][self.column : self.column + len(part)] = part
                self.column += len(part)
                text = text[len(part) :]
            return
        for character in text:
            width = 0 if unicodedata.combining(character) else 1 + (unicodedata.east_asian_width(character) in "WF")
            if width and self.column + width > self.columns:
                self.column = 0
                self.line_feed()
            if width:
                self.cells[self.row][self.column] = character
                if width == 2:
                    self.cells[self.row][self.column + 1] = ""
                self.column += width

    def line_feed(self):
        if self.row + 1 == self.bottom:
            self.scroll(1)
        elif self.row + 1 < self.rows:
            self.row += 1

    def scroll(self, by, top=None):
        """Moves the lines from `top` to the end of the region up (or down, below zero)."""
        top = self.top if top is None else top
        by = max(top - self.bottom, min(by, self.bottom - top))
        blank = [[" "] * self.columns for _ in range(abs(by))]
        if by > 0:
            self.cells[top : self.bottom] = self.cells[top + by : self.bottom] + blank
        elif by < 0:
            self.cells[top : self.bottom] = blank + self.cells[top : self.bottom + by]

    def control(self, character):
        if character == "\r":
            self.column = 0
        elif character in "\n\x0b\x0c":
            self.line_feed()
        elif character == "\b":
            self.column = max(0, min(self.column, self.columns) - 1)
        elif character == "\t":
            self.column = min(self.columns - 1, self.column // 8 * 8 + 8)

    def escape(self, final):
        if final == "7":
            self.saved = (self.row, self.column)
        elif final == "8":
            self.row, self.column = self.saved
        elif final == "D":
            self.line_feed()
        elif final == "E":
            self.column = 0
            self.line_feed()
        elif final == "M":
            if self.row == self.top:
                self.scroll(-1)
            else:
                self.row = max(0, self.row - 1)
        elif final == "c":
            self.__init__(self.rows, self.columns)

    def csi(self, params, middle, final):
        private = params[:1] if params[:1] in "<=>?" else ""
        numbers = [int(part.split(":")[0] or 0) if part.split(":")[0].isdigit() else 0 for part in params.lstrip("<=>?").split(";")]
        first = numbers[0]
        count = max(1, first)
        row = self.cells[self.row]
        column = min(self.column, self.columns - 1)
        if middle or private:
            self.private(private, middle, final, numbers)
        elif final in "Hf":
            self.row = min(self.rows, count) - 1
            self.column = min(self.columns, max(1, numbers[1] if len(numbers) > 1 else 1)) - 1
        elif final == "A":
            self.row = max(0, self.row - count)
        elif final in "Be":
            self.row = min(self.rows - 1, self.row + count)
        elif final in "Ca":
            self.column = min(self.columns - 1, self.column + count)
        elif final == "D":
            self.column = max(0, column - count)
        elif final == "E":
            self.row, self.column = min(self.rows - 1, self.row + count), 0
        elif final == "F":
            self.row, self.column = max(0, self.row - count), 0
        elif final in "G`":
            self.column = min(self.columns, count) - 1
        elif final == "d":
            self.row = min(self.rows, count) - 1
        elif final == "J":
            start, end = {0: (self.row + 1, self.rows), 1: (0, self.row)}.get(first, (0, self.rows))
            for index in range(start, end):
                self.cells[index] = [" "] * self.columns
            if first < 2:
                self.csi(str(first), "", "K")
        elif final == "K":
            start, end = {0: (column, self.columns), 1: (0, column + 1)}.get(first, (0, self.columns))
            row[start:end] = [" "] * (end - start)
        elif final == "X":
            end = min(self.columns, column + count)
            row[column:end] = [" "] * (end - column)
        elif final == "P":
            self.cells[self.row] = (row[:column] + row[column + count :] + [" "] * count)[: self.columns]
        elif final == "@":
            self.cells[self.row] = (row[:column] + [" "] * count + row[column:])[: self.columns]
        elif final == "L" and self.top <= self.row < self.bottom:
            self.scroll(-count, self.row)
        elif final == "M" and self.top <= self.row < self.bottom:
            self.scroll(count, self.row)
        elif final == "S":
            self.scroll(count)
        elif final == "T":
            self.scroll(-count)
        elif final == "b":
            self.write(self.last * count)
        elif final == "r":
            self.top = count - 1
            self.bottom = min(self.rows, numbers[1] if len(numbers) > 1 and numbers[1] else self.rows)
            self.row = self.column = 0
        elif final == "s":
            self.saved = (self.row, self.column)
        elif final == "u":
            self.row, self.column = self.saved
        elif final == "n":
            self.answers.append("\x1b[0n" if first == 5 else f"\x1b[{self.row + 1};{column + 1}R")
        elif final == "c":
            self.answers.append("\x1b[?62;22c")

    def private(self, private, middle, final, numbers):
        if private == "?" and final in "hl":
            for number in numbers:
                if number == 25:
                    self.cursor_shown = final == "h"
                if number in (47, 1047, 1049) and self.alternate != (final == "h"):
                    self.alternate = final == "h"
                    self.cells, self.other = self.other, self.cells
                    if self.alternate:
                        self.cells = self.blank()
        elif private == "?" and final == "p" and middle == "$":
            self.answers.append(f"\x1b[?{numbers[0]};0$y")
        elif private == "?" and final == "n":
            self.answers.append(f"\x1b[?{self.row + 1};{min(self.column, self.columns - 1) + 1}R")
        elif private == "?" and final == "u":
            self.answers.append("\x1b[?0u")
        elif private == ">" and final == "c":
            self.answers.append("\x1b[>41;360;0c")


class Line:
    """A connection of so many bytes a second, so many seconds away, with TCP's and ssh's buffers on the way."""

    BUFFERS = 1 << 20

    def __init__(self, bytes_per_second=0, delay=0.0):
        self.rate, self.delay = bytes_per_second, delay
        self.down, self.up = collections.deque(), collections.deque()
        self.waiting = 0
        self.free = 0.0

    def takes_more(self):
        return self.waiting < self.BUFFERS

    def send_down(self, data, now):
        # In packets, so that a big write arrives bit by bit.
        for at in range(0, len(data), 512):
            packet = data[at : at + 512]
            self.free = max(now, self.free) + (len(packet) / self.rate if self.rate else 0)
            self.down.append((self.free + self.delay, packet))
            self.waiting += len(packet)

    def send_up(self, data, now):
        self.up.append((now + self.delay, data))

    def arrived(self, queue, now):
        while queue and queue[0][0] <= now:
            data = queue.popleft()[1]
            if queue is self.down:
                self.waiting -= len(data)
            yield data

    def next_arrival(self):
        return min([queue[0][0] for queue in (self.down, self.up) if queue], default=None)


class Program:
    """A program in a pseudo-terminal of its own."""

    def __init__(self, command, rows=40, columns=120, env=None, cwd=None, line=None):
        self.screen = Screen(rows, columns)
        self.line = line or Line()
        self.received = 0
        self.seen_at = []
        self.ended = None
        self.started = time.monotonic()
        environment = dict(os.environ, TERM="xterm-256color", COLORTERM="truecolor", LANG="C.UTF-8", **(env or {}))
        for name in ("NO_COLOR", "TMUX", "LINES", "COLUMNS"):
            environment.pop(name, None)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
                if cwd:
                    os.chdir(cwd)
                os.execvpe(command[0], command, environment)
            finally:
                os._exit(127)
        os.set_blocking(self.fd, False)

    def type(self, keys):
        self.line.send_up(keys.encode(), time.monotonic())

    def pump(self, seconds=0.0, until=None):
        """Lets the program run for so long, or until the condition holds on the screen: returns when, or None."""
        deadline = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            for data in self.line.arrived(self.line.up, now):
                self.write(data)
            changed = False
            for data in self.line.arrived(self.line.down, now):
                self.screen.feed(data)
                self.received += len(data)
                changed = True
            if changed:
                self.seen_at.append((now, self.received))
                for answer in self.screen.answers:
                    self.line.send_up(answer.encode(), now)
                self.screen.answers.clear()
            if until and until(self.screen):
                return time.monotonic()
            if now >= deadline or (self.ended is not None and not self.line.down):
                return None
            wait = min(deadline, self.line.next_arrival() or deadline) - time.monotonic()
            reads = [self.fd] if self.ended is None and self.line.takes_more() else []
            ready, _, _ = select.select(reads, [], [], max(0.0, min(wait, 0.25)))
            if ready:
                try:
                    data = os.read(self.fd, 65536)
                except OSError:
                    data = b""
                if data:
                    self.line.send_down(data, time.monotonic())
                else:
                    self.ended = time.monotonic()

    def write(self, data):
        while data and self.ended is None:
            try:
                data = data[os.write(self.fd, data) :]
            except BlockingIOError:
                select.select([], [self.fd], [], 1)
            except OSError:
                return

    def wait_for(self, pattern, seconds=10):
        """Waits until the screen shows the pattern, and returns when it did. Fails with the screen in the message."""
        wanted = re.compile(pattern)
        at = self.pump(seconds, lambda screen: wanted.search(screen.text()))
        if at is None:
            raise TimeoutError(f"{pattern!r} did not appear within {seconds} s on:\n{self.screen.text()}")
        return at

    def settle(self, quiet=0.3, seconds=10):
        """Waits until nothing has been written for a while."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            before = self.received
            self.pump(quiet)
            if self.received == before:
                return

    def key_latency(self, keys, shows, seconds=5):
        """Types, and returns how many seconds later the screen shows the pattern."""
        begun = time.monotonic()
        self.type(keys)
        return self.wait_for(shows, seconds) - begun

    def close(self):
        """Ends the program if it still runs."""
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
            if self.pid is None:
                return
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                pass
            for _ in range(40):
                self.pump(0.05)
                if self.ended is not None:
                    time.sleep(0.025)
                pid, _status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    os.close(self.fd)
                    self.pid = None
                    return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Usage:
    """What a process costs: processor time in seconds, wake-ups, memory in bytes. Its children are not counted."""

    def __init__(self, pid):
        self.processor = self.wakeups = 0
        for task in os.listdir(f"/proc/{pid}/task"):
            try:
                with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                    self.processor += int(file.read().split()[0]) / 1e9
                with open(f"/proc/{pid}/task/{task}/status") as file:
                    self.wakeups += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", file.read(), re.M)[1])
            except (FileNotFoundError, ProcessLookupError):
                pass
        with open(f"/proc/{pid}/status") as file:
            status = file.read()
        size = lambda name: int(re.search(rf"^{name}:\s+(\d+)", status, re.M)[1]) * 1024
        self.resident, self.peak, self.own = size("VmRSS"), size("VmHWM"), size("RssAnon")
