package import Foundation
import Glibc
package import Testing

/// A real terminal for a real program: a private tmux server with one window that runs a shell.
///
/// Nothing in here sleeps. Where something has to be waited for, the wait is on the program's own frame
/// numbers, with a deadline.
package final class TmuxTerminal {
    package struct Failed: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    package let directory: URL
    /// The program's `PROXYTOP_SYNC_FD` writes here.
    private let frames: CInt
    /// The program holds the other end as long as it lives.
    private let life: CInt

    /// How long anything may take on a busy machine.
    package static let patience = Duration.seconds(60)
    private static let patienceMilliseconds: CInt = 60_000

    package init(columns: Int, rows: Int) throws {
        let name = "proxytop-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        directory = FileManager.default.temporaryDirectory.appending(path: name)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let fifo = directory.appending(path: "frames").path
        guard unsafe mkfifo(fifo, 0o600) == 0 else {
            throw Failed(description: "no fifo: \(errno)")
        }
        // Read and write, so that opening waits for nobody and no end of file ever comes.
        frames = unsafe open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard frames >= 0 else { throw Failed(description: "no fifo: \(errno)") }
        let end = directory.appending(path: "life").path
        guard unsafe mkfifo(end, 0o600) == 0 else { throw Failed(description: "no fifo: \(errno)") }
        life = unsafe open(end, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        _ = try tmux([
            "-f", "/dev/null", "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)",
            // What programs remember from run to run stays in here.
            "env PS1='$ ' LC_ALL=C.UTF-8 XDG_STATE_HOME=\(directory.path)/state sh -i",
        ])
    }

    deinit {
        _ = try? tmux(["kill-server"])
        close(frames)
        close(life)
        try? FileManager.default.removeItem(at: directory)
    }

    /// Starts a program from the shell as a person would, on a screen without what came of the one before, with its process id in the file `pid` and the modes of
    /// the terminal from before in the file `before`.
    package func start(_ command: String) throws {
        let path = directory.path
        try text(
            "clear; rm -f \(path)/after; stty -g > \(path)/before; sh -c 'echo $$ > \(path)/pid; PROXYTOP_SYNC_FD=9 exec "
                + "\(command) 9>\(path)/frames 8>\(path)/life'; echo status=$?; stty -g > \(path)/after; echo end=$?"
        )
        try keys("Enter")
    }

    /// Types text as it is.
    package func text(_ text: String) throws { _ = try tmux(["send-keys", "-l", text]) }

    /// Presses keys by tmux's names: `Enter`, `Escape`, `C-c`, `j`.
    package func keys(_ names: String...) throws { _ = try tmux(["send-keys"] + names) }

    package func resize(columns: Int, rows: Int) throws {
        _ = try tmux(["resize-window", "-x", "\(columns)", "-y", "\(rows)"])
    }

    package func screen() throws -> String { try tmux(["capture-pane", "-p"]) }

    /// A format of tmux(1), such as `#{alternate_on}`.
    package func value(_ format: String) throws -> String {
        try tmux(["display-message", "-p", format]).trimmingCharacters(in: .newlines)
    }

    package var programID: pid_t {
        get throws {
            let text = try file("pid")
            guard let number = pid_t(text) else { throw Failed(description: "no pid: \(text)") }
            return number
        }
    }

    package func file(_ name: String) throws -> String {
        try String(contentsOf: directory.appending(path: name), encoding: .utf8)
            .trimmingCharacters(in: .newlines)
    }

    /// Waits until the screen shows what is expected, looking again at every frame.
    @discardableResult
    package func waitFor(
        _ what: String, sourceLocation: SourceLocation = #_sourceLocation,
        _ isThere: (String) throws -> Bool
    ) throws -> String {
        let deadline = ContinuousClock.now.advanced(by: Self.patience)
        var last = ""
        while ContinuousClock.now < deadline {
            last = try screen()
            if try isThere(last) { return last }
            awaitFrame()
        }
        Issue.record("never seen: \(what)\n\(last)", sourceLocation: sourceLocation)
        throw Failed(description: what)
    }

    @discardableResult
    package func waitFor(
        text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        try waitFor(text, sourceLocation: sourceLocation) { $0.contains(text) }
    }

    /// Waits until what is on the screen takes keys.
    ///
    /// Of the frames that are announced from now on the first may be one of before, told late; the second
    /// is none.
    package func awaitFrames(_ count: Int = 2) throws {
        // Those that were announced before and that nobody has looked at.
        while takeFrames() > 0 {}
        var missing = count
        while missing > 0 {
            guard isFrameThere(within: Self.patienceMilliseconds) else {
                throw Failed(description: "no more frames come")
            }
            missing -= takeFrames()
        }
    }

    private func isFrameThere(within milliseconds: CInt) -> Bool {
        var entry = pollfd(fd: frames, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, milliseconds) > 0
    }

    /// How many have been announced since.
    private func takeFrames() -> Int {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let length = unsafe buffer.withUnsafeMutableBytes {
            unsafe read(frames, $0.baseAddress, $0.count)
        }
        return buffer.prefix(max(0, length)).count { $0 == UInt8(ascii: "\n") }
    }

    /// Closes the window under the program, as when a connection breaks.
    package func hangUp() throws { _ = try tmux(["kill-server"]) }

    /// Waits for the end of a program that was started, and that has shown something.
    package func waitForEnd() throws {
        var entry = pollfd(fd: life, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&entry, 1, Self.patienceMilliseconds) > 0 else {
            throw Failed(description: "the program does not end")
        }
    }

    /// Until a frame is flushed, or long enough for tmux to have drawn the one before.
    private func awaitFrame() {
        if isFrameThere(within: 50) { _ = takeFrames() }
    }

    private func tmux(_ arguments: [String]) throws -> String {
        let server = ["tmux", "-S", directory.appending(path: "tmux").path]
        let result = try Command.run(server + arguments)
        guard result.status == 0 else {
            throw Failed(description: "tmux \(arguments.joined(separator: " ")): \(result.output)")
        }
        return result.output
    }
}

/// The programs that were built beside the tests.
package enum BuiltProgram {
    package static func path(_ name: String) throws -> String {
        let test = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let path = URL(filePath: test).deletingLastPathComponent().appending(path: name).path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw TmuxTerminal.Failed(description: "\(path) is not built")
        }
        return path
    }
}
