"""What proxytop does to a terminal, looked at from the terminal's side.

    pty_tests.py PROXYTOP SOCKET TEST...

Each TEST is the name of a function below without `test_`; a line for each goes to standard output: `ok NAME` or
`FAILED NAME: why`. Run by PtyTests, which serves a daemon's story at SOCKET.
"""

import os
import signal
import sys
import tempfile
import time

from terminal import Failed, Terminal

PROXYTOP, SOCKET = sys.argv[1:3]

TERMS = ["xterm-256color", "tmux-256color", "screen-256color", "linux", "vt220", "vt100", "xterm"]
SIZES = [(40, 10), (60, 16), (80, 24), (120, 40), (200, 60)]


def start(*options, columns=80, rows=24, environment=None, controls=True):
    arguments = [PROXYTOP, "--socket", SOCKET, "--view", "channels", "--interval", "0.25", *options]
    return Terminal(arguments, columns, rows, environment, controls=controls)


def expect(condition, text):
    if not condition:
        raise Failed(text)


def settled(terminal):
    terminal.wait("the daemon's channels", lambda t: "LIVE" in t.text and "0.3" in t.text)


def same_as_written(terminal, what):
    """What the program says it shows is what the terminal shows."""
    terminal.type("f")
    terminal.wait_text("FROZEN")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "view.txt")
        terminal.type(f":write {path}")
        terminal.wait("the typed line", lambda t: "view.txt_" in t.text)
        # The picture is taken as it is when Enter comes, without the prompt.
        terminal.type("\r")
        terminal.wait("the file", lambda _: os.path.exists(path) and os.path.getsize(path) > 0)
        terminal.wait_text("written:")
        with open(path) as file:
            written = [line.rstrip() for line in file.read().splitlines()]
    shown = terminal.lines
    expect(len(written) == len(shown) == terminal.rows, f"{what}: {len(written)} rows written, {len(shown)} shown")
    different = [i for i in range(len(shown)) if written[i] != shown[i]]
    # The clock, the age of what is marked, and what came of the command itself.
    ours = {0, terminal.rows - 2, terminal.rows - 1, terminal.rows - 3}
    wrong = [i for i in different if i not in ours]
    expect(not wrong, f"{what}: row {wrong[:1]}:\n{written[wrong[0]] if wrong else ''}\n{shown[wrong[0]] if wrong else ''}")


def test_terminals():
    for term in TERMS:
        # In the C locale ncurses repeats characters by a sequence that this emulator does not know.
        for locale in ("C.UTF-8",) if term.startswith("xterm") else ("C.UTF-8", "C"):
            with start("--glyphs", "ascii", environment={"TERM": term, "LC_ALL": locale}) as terminal:
                settled(terminal)
                same_as_written(terminal, f"{term}, {locale}")
                terminal.type("Q")
                expect(terminal.wait_end() == 0, f"{term}: it ended with {terminal.process.returncode}")
                expect(terminal.modes == terminal.before, f"{term}: the modes are not as before")


def test_sizes():
    for columns, rows in SIZES:
        with start("--glyphs", "ascii", columns=columns, rows=rows) as terminal:
            settled(terminal)
            if columns >= 60:
                same_as_written(terminal, f"{columns}x{rows}")
            terminal.type("Q")
            terminal.wait_end()


def test_glyphs():
    """Wide character sets arrive as they were sent, and only where the locale has them."""
    for glyphs, sign in (("unicode", "✗down"), ("braille", "✗down"), ("ascii", "!down"), ("words", "down")):
        with start("--glyphs", glyphs) as terminal:
            terminal.wait_text(sign)
    with start(environment={"LC_ALL": "C"}) as terminal:
        terminal.wait_text("!down")
        expect(all(byte < 0x80 for byte in terminal.bytes), "a character beyond ASCII in the C locale")
    with start(environment={"TERM": "vt100"}) as terminal:
        terminal.wait_text("!down")


def colours(terminal):
    return {cell.fg for row in terminal.screen.buffer.values() for cell in row.values()} - {"default"}


def test_colours():
    """As many as the terminal has, none where none are wanted, and never a background."""
    for term, most in (("xterm-256color", 256), ("xterm", 8), ("vt100", 0), ("vt220", 0)):
        with start(environment={"TERM": term}) as terminal:
            settled(terminal)
            seen = colours(terminal)
            expect((not seen) == (most == 0), f"{term}: colours {seen}")
            grounds = {cell.bg for row in terminal.screen.buffer.values() for cell in row.values()}
            expect(grounds == {"default"}, f"{term}: backgrounds {grounds}")
    for options, environment in ((["--mono"], {}), ([], {"NO_COLOR": "1"})):
        with start(*options, environment=environment) as terminal:
            settled(terminal)
            expect(not colours(terminal), f"{options} {environment}: colours {colours(terminal)}")
            reversed_words = [
                cell for row in terminal.screen.buffer.values() for cell in row.values() if cell.reverse
            ]
            expect(reversed_words, "without colours nothing stands out")


def cells(terminal, word, column=4):
    """The cells of a word that stands in the column of states."""
    for row, line in enumerate(terminal.lines):
        if line[column:].startswith(word) or line[column + 2:].startswith(word):
            start = line.index(word, column)
            return row, [terminal.screen.buffer[row][start + offset] for offset in range(len(word))]
    raise Failed(f"no “{word}” in\n{terminal.text}")


def look(cell):
    return cell.fg, cell.bold, cell.underscore, cell.reverse


STATES = ["+up", "#full", "!down", "~drain", "?grace", "-off"]


def test_state_styles():
    """A state is a sign, a word and a colour, and the three say the same."""
    # The emulator calls dark yellow brown.
    wanted = {"+up": ("green", False), "#full": ("brown", True), "!down": ("red", True), "~drain": ("cyan", False),
              "?grace": ("brown", True), "-off": ("default", False)}
    with start("--glyphs", "ascii", environment={"TERM": "xterm-256color"}) as terminal:
        settled(terminal)
        # The cursor turns its row around, so it goes where no state is asked about.
        terminal.type("G")
        terminal.wait("the cursor at the end", lambda t: any(line.startswith("> 2.0") for line in t.lines))
        for word, (colour, bold) in wanted.items():
            _, found = cells(terminal, word)
            for cell in found:
                expect((cell.fg, cell.bold) == (colour, bold), f"{word}: {cell}")
                expect(not cell.reverse, f"{word}: reversed")


def test_chosen_row():
    """The row that keys act on stands out, whole, and goes where the cursor goes."""
    for environment in ({}, {"NO_COLOR": "1"}):
        with start("--glyphs", "ascii", environment=environment) as terminal:
            settled(terminal)

            def reversed_rows():
                buffer = terminal.screen.buffer
                return [row for row in range(terminal.rows)
                        if sum(buffer[row][column].reverse for column in range(terminal.columns)) > 60]

            for key, mark in (("", "> 0.0"), ("j", "> 0.1"), ("j", "> 0.2"), ("k", "> 0.1")):
                if key:
                    terminal.type(key)

                def stands_out(t):
                    return reversed_rows() == [row for row, line in enumerate(t.lines) if line.startswith(mark)] != []

                # A frame may arrive in pieces, the row that is left behind the one that is gone to.
                terminal.wait(f"{mark} and no other row that stands out, {environment}", stands_out)


def test_no_colour():
    """Without colours the states still look different where they are bad, and none is like the plain text around it."""
    with start("--glyphs", "ascii", environment={"NO_COLOR": "1"}) as terminal:
        settled(terminal)
        terminal.type("G")
        terminal.wait("the cursor at the end", lambda t: any(line.startswith("> 2.0") for line in t.lines))
        looks = {word: look(cells(terminal, word)[1][0]) for word in STATES}
        plain = ("default", False, False, False)
        expect(looks["+up"] == plain and looks["-off"] == plain, f"up and off: {looks}")
        expect(looks["#full"] == ("default", True, False, False), f"full: {looks['#full']}")
        expect(looks["~drain"] == ("default", False, True, False), f"drain: {looks['~drain']}")
        expect(looks["!down"] == ("default", True, False, True), f"down: {looks['!down']}")
        # Under the cursor a reversed state is turned back, and is still not like the rest of the row.
        while not any(line.startswith("> 0.3") for line in terminal.lines):
            before = terminal.frame
            terminal.type("k")
            terminal.wait_frame(before)
        row, found = cells(terminal, "!down")
        beside = terminal.screen.buffer[row][12]
        expect(beside.reverse and not found[0].reverse, f"the state is lost in the cursor's bar: {found[0]} {beside}")


def keys_of_the_program():
    letters = "jkghlGdwa12345`EDXAWMKRu *v_/\\nNS<>oic:[]{}=rfbUPtyYspe+-?"
    named = {
        "Down": "\033OB", "Up": "\033OA", "Left": "\033OD", "Right": "\033OC", "Home": "\033[1~", "End": "\033[4~",
        "PgUp": "\033[5~", "PgDn": "\033[6~", "Ctrl-D": "\x04", "Ctrl-U": "\x15", "Ctrl-E": "\x05",
        "Ctrl-L": "\x0c", "Tab": "\t", "Shift-Tab": "\033[Z", "Enter": "\r", "F1": "\033OP", "F2": "\033OQ",
        "F3": "\033OR", "F4": "\033OS", "F5": "\033[15~", "F6": "\033[17~", "F7": "\033[18~", "F8": "\033[19~",
        "F9": "\033[20~",
    }
    return [(letter, letter) for letter in letters] + list(named.items())


# Faster typing than this is taken for somebody who types into the wrong window.
PACE = 0.015


def press(terminal, key):
    before = terminal.frame
    terminal.type(key)
    terminal.wait_frame(before)
    terminal.pass_time(PACE)


def walk(terminal, keys, after):
    for view in "12345":
        for name, key in keys:
            press(terminal, key)
            after(f"{name} in view {view}")
            # Whatever it opened is closed again, and the view is the one we walk through.
            press(terminal, "\033")
            press(terminal, view)
            expect(terminal.process.poll() is None, f"{name} in view {view} ended it")
            expect(sum(1 for line in terminal.lines if line) > 5, f"{name} in view {view}: an empty screen")


def test_walk():
    """Every key in every view, through a real terminal."""
    with start("--glyphs", "ascii") as terminal:
        settled(terminal)
        walk(terminal, keys_of_the_program(), lambda _: None)
        terminal.type("Q")
        expect(terminal.wait_end() == 0, "it did not end well")


def test_readonly_walk():
    with start("--glyphs", "ascii") as terminal:
        terminal.wait_text(" RO ")

        def no_preview(where):
            expect("IF YOU DO THIS" not in terminal.text, f"{where} opened a preview")

        walk(terminal, [(key, key) for key in "EDXAWMKRu"], no_preview)
        terminal.type("Q")
        expect(terminal.wait_end() == 0, "it did not end well")


def test_hangup():
    """A terminal that goes away ends the program."""
    with start() as terminal:
        settled(terminal)
        began = time.monotonic()
        terminal.hang_up()
        while terminal.process.poll() is None:
            # Seconds, as the machine may be busy; who does not notice goes on for ever.
            expect(time.monotonic() - began < 20, "it goes on without a terminal")
            time.sleep(0.005)


def test_input_ends():
    """The end of its input is enough: no signal comes to a program whose terminal is not its own."""
    with start(controls=False) as terminal:
        settled(terminal)
        began = time.monotonic()
        terminal.hang_up()
        while terminal.process.poll() is None:
            # Seconds, as the machine may be busy; who does not notice goes on for ever.
            expect(time.monotonic() - began < 20, "it goes on without a terminal")
            time.sleep(0.005)


def test_crashes():
    """Whatever kills it, the terminal's modes are as before and its screen is left."""
    for number in (signal.SIGSEGV, signal.SIGTRAP, signal.SIGILL, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE):
        with start(environment={"SWIFT_BACKTRACE": "enable=no"}) as terminal:
            settled(terminal)
            expect(terminal.modes != terminal.before, "it did not set the terminal's modes")
            terminal.bytes.clear()
            terminal.process.send_signal(number)
            expect(terminal.wait_end() == -number, f"signal {number}: ended with {terminal.process.returncode}")
            expect(terminal.modes == terminal.before, f"signal {number}: the modes are not as before")
            end = bytes(terminal.bytes)
            for what, code in (("the alternate screen", b"\033[?1049l"), ("pasting", b"\033[?2004l")):
                expect(code in end, f"signal {number}: {what} is not left")


def test_signals():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        with start() as terminal:
            settled(terminal)
            terminal.process.send_signal(number)
            code = terminal.wait_end()
            expect(code == 0, f"signal {number}: ended with {code}")
            expect(terminal.modes == terminal.before, f"signal {number}: the modes are not as before")
            expect(b"\033[?1049l" in terminal.bytes, f"signal {number}: the alternate screen is not left")


def test_resizing():
    """A storm of sizes: the last one counts, and nothing falls over on the way."""
    with start("--glyphs", "ascii") as terminal:
        settled(terminal)
        for index in range(120):
            terminal.resize(1 + (index * 37) % 230, 1 + (index * 17) % 70)
            terminal.take(0)
        terminal.resize(100, 30)
        terminal.wait("the screen of 100x30", lambda t: "SINCE" in t.text and "q quit" in t.text)
        terminal.type("\x0c")
        same_as_written(terminal, "after the storm")


def test_noise():
    """Random bytes as keys: nothing is sent that was not asked about, and it does not fall over."""
    import random

    noise = random.Random(4)
    with start("--glyphs", "ascii") as terminal:
        settled(terminal)
        for _ in range(60):
            data = bytes(noise.randrange(256) for _ in range(noise.randrange(1, 40)))
            # What ends or stops it is not what is tried here.
            terminal.type(data.translate(None, b"qQ\x03\x1a\x1c\x13\x11"))
            terminal.take(0.01)
            if terminal.process.poll() is not None:
                raise Failed(f"it ended with {terminal.process.returncode} after {data!r}")
        terminal.type("\033\033\033")
        before = terminal.frame
        terminal.type("\x0c")
        terminal.wait_frame(before)


def main():
    failures = 0
    for name in sys.argv[3:]:
        try:
            globals()["test_" + name]()
            print(f"ok {name}", flush=True)
        except Failed as failure:
            failures += 1
            print(f"FAILED {name}: {failure}", flush=True)
    sys.exit(1 if failures else 0)


main()
