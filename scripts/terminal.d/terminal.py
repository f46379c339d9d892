"""A program in a terminal that is not there: a pty, its modes, what came out, and (with pyte) how it looks."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time

# Plenty for anything, on a slow and busy machine too; only who fails waits for so long.
PATIENCE = 60.0


class Failed(Exception):
    pass


class Terminal:
    """Runs a program on a pty of its own; `emulate` keeps a picture of the screen."""

    def __init__(self, arguments, columns=80, rows=24, environment=None, emulate=True, controls=True):
        self.master, slave = pty.openpty()
        self.columns, self.rows = columns, rows
        self.resize(columns, rows, tell=False)
        # Held open, so that the modes can be read back when the program has gone.
        self.slave = slave
        self.before = termios.tcgetattr(slave)
        self.frames_end, frames = os.pipe()
        self.frame = 0
        self.frame_times = []
        self.byte_count = 0
        self.bytes = bytearray()
        self.keeps_bytes = emulate
        self.screen = None
        if emulate:
            import pyte

            self.screen = pyte.Screen(columns, rows)
            self.stream = pyte.ByteStream(self.screen)
        variables = dict(os.environ)
        for name in ("NO_COLOR", "LC_ALL", "LANG", "LC_CTYPE", "COLUMNS", "LINES"):
            variables.pop(name, None)
        # What it remembers from one run is nothing that another one may begin with.
        self.state = tempfile.TemporaryDirectory()
        variables.update({"TERM": "tmux-256color", "LC_ALL": "C.UTF-8", "XDG_STATE_HOME": self.state.name})
        variables.update(environment or {})
        variables["PROXYTOP_SYNC_FD"] = str(frames)
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            arguments,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=variables,
            pass_fds=[frames],
            preexec_fn=lambda: self._lead(controls),
        )
        os.close(frames)

    @staticmethod
    def _lead(controls):
        """A session of its own; with this terminal as its own, closing it hangs the program up."""
        os.setsid()
        if controls:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    # ---- What comes out ----

    def take(self, seconds):
        """Waits so long for output at most, and takes what there is; False when nothing came."""
        watched = [end for end in (self.master, self.frames_end) if end is not None]
        if not watched:
            return False
        ready = self._ready(watched, seconds)
        # What is on the screen comes before the word that it is there.
        if self.master in ready or (self.frames_end in ready and self.master is not None):
            self._take_output()
        if self.frames_end in ready:
            self._take_frames()
        return bool(ready)

    @staticmethod
    def _ready(descriptors, seconds):
        """Not select(2), which knows the first 1024 only: whoever measures may have many open."""
        poll = select.poll()
        for descriptor in descriptors:
            poll.register(descriptor, select.POLLIN)
        return [descriptor for descriptor, _ in poll.poll(1000 * max(0, seconds))]

    def _take_output(self):
        while self._ready([self.master], 0):
            try:
                data = os.read(self.master, 65536)
            except OSError:
                data = b""
            if not data:
                return
            self.byte_count += len(data)
            if self.keeps_bytes:
                self.bytes += data
            if self.screen is not None:
                self.stream.feed(data)

    def _take_frames(self):
        data = os.read(self.frames_end, 65536)
        if not data:
            os.close(self.frames_end)
            self.frames_end = None
            return
        now = time.monotonic()
        for line in data.split():
            self.frame = int(line)
            self.frame_times.append(now)

    def wait(self, what, predicate, seconds=PATIENCE):
        """Until the predicate holds for the screen; asked after every output, never by sleeping."""
        end = time.monotonic() + seconds
        while not predicate(self):
            left = end - time.monotonic()
            if left <= 0:
                raise Failed(f"{what} did not come within {seconds} s; the screen:\n{self.text}")
            if self.process.poll() is not None and not self.take(0):
                if predicate(self):
                    return
                raise Failed(f"{what} did not come: it ended with {self.process.returncode}\n{self.text}")
            self.take(min(left, 0.25))

    def wait_text(self, text, seconds=PATIENCE):
        self.wait(f"“{text}”", lambda terminal: text in terminal.text, seconds)

    def wait_frame(self, after, seconds=PATIENCE):
        self.wait(f"a frame after {after}", lambda terminal: terminal.frame > after, seconds)

    def pass_time(self, seconds):
        """Takes what comes for so long: between keys that somebody is to have typed."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.take(end - time.monotonic())

    @property
    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self):
        return "\n".join(self.lines) if self.screen is not None else f"({self.byte_count} bytes)"

    # ---- What goes in ----

    def type(self, keys):
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def resize(self, columns, rows, tell=True):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if tell:
            self.columns, self.rows = columns, rows
            if self.screen is not None:
                self.screen.resize(rows, columns)
            self.process.send_signal(signal.SIGWINCH)

    # ---- The end ----

    def wait_end(self, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() > end:
                raise Failed(f"it has not ended within {seconds} s; the screen:\n{self.text}")
            if self.master is not None:
                self.take(0.02)
        if self.master is not None:
            self._take_output()
        return self.process.returncode

    def hang_up(self):
        """The terminal goes away, as when a window is closed or a line is cut."""
        os.close(self.slave)
        os.close(self.master)
        self.slave = self.master = None

    @property
    def modes(self):
        return termios.tcgetattr(self.slave)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for end in (self.master, self.slave, self.frames_end):
            if end is not None:
                os.close(end)
        self.master = self.slave = self.frames_end = None
        self.state.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
