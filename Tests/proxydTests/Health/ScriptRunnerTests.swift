import Glibc
import Testing

@testable import proxyd

/// Scripts are real ones; whatever a test waits for is an event or the end of a process.
@Suite("Script runner", .serialized, .timeLimit(.untilHung))
struct ScriptRunnerTests {
    private let folder: TestFolder
    private let runner: ScriptRunner

    init() throws {
        folder = try TestFolder()
        runner = try ScriptRunner(limit: 4)
    }

    /// A shell script in the test's folder.
    private func script(_ text: String, name: String = "s", mode: mode_t = 0o700) throws -> String {
        try folder.write("#!/bin/sh\n" + text + "\n", to: name)
        _ = unsafe chmod(folder.file(name), mode)
        return folder.file(name)
    }

    /// Serves the runner as its loop would, until `isSo`.
    private func serve(until isSo: () -> Bool) throws {
        let poller = try Poller()
        try poller.add(runner.descriptor, Token(.elections), .readable)
        while !isSo() {
            let wait = runner.nextDeadline.map { $0.elapsed(since: .now) / 1_000_000 + 1 }
            if poller.wait(milliseconds: CInt(clamping: wait ?? 30_000)) > 0 {
                runner.resume(now: .now)
            }
            runner.meetDeadlines(now: .now)
        }
    }

    private func run(_ job: ScriptJob) throws -> ScriptResult {
        var result: ScriptResult?
        runner.start(job, now: .now) { result = $0 }
        try serve { result != nil }
        return try #require(result)
    }

    @Test(
        "the way a script ends is told",
        arguments: [
            ("exit 0", ScriptResult.Outcome.exited(0)), ("exit 3", .exited(3)),
            ("kill -9 $$", .signalled(SIGKILL)), ("kill -TERM $$", .signalled(SIGTERM)),
            ("exec false", .exited(1)),
        ])
    func ends(text: String, outcome: ScriptResult.Outcome) throws {
        #expect(try run(ScriptJob(path: script(text))).outcome == outcome)
    }

    @Test("what cannot be started says why")
    func cannotStart() throws {
        let plain = try script("exit 0", name: "plain", mode: 0o600)
        try folder.write("exit 0\n", to: "shebang")
        _ = unsafe chmod(folder.file("shebang"), 0o700)
        let outcomes = try [plain, folder.file("missing"), folder.path, folder.file("shebang")]
            .map { try run(ScriptJob(path: $0)).outcome }
        #expect(
            outcomes == [
                .cannotStart(EACCES), .cannotStart(ENOENT), .cannotStart(EACCES),
                .cannotStart(ENOEXEC),
            ])
        #expect(runner.runningCount == 0)
    }

    @Test("a script that is being written is started as soon as it is whole")
    func beingWritten() throws {
        let path = try script("exit 0")
        let writer = unsafe open(path, O_WRONLY | O_CLOEXEC)
        var result: ScriptResult?
        runner.start(ScriptJob(path: path), now: .now) { result = $0 }
        var turns = 0
        try serve {
            turns += 1
            if turns == 3 { close(writer) }
            return result != nil
        }
        #expect(result?.outcome == .exited(0))
        #expect(turns > 3)
    }

    @Test("one that somebody writes for ever cannot be started, which is told in the end")
    func writtenForEver() throws {
        let path = try script("exit 0")
        let writer = unsafe open(path, O_WRONLY | O_CLOEXEC)
        defer { close(writer) }
        let began = Instant.now
        #expect(try run(ScriptJob(path: path)).outcome == .cannotStart(ETXTBSY))
        #expect(Instant.now.elapsed(since: began) >= 1_000_000_000)
    }

    @Test("arguments arrive as they are, and the environment is ours with additions")
    func arguments() throws {
        let text = #"printf '%s|' "$0" "$@"; printf '%s|%s' "$PROXYD_GROUP" "${PATH:+path}""#
        let path = try script(text)
        let result = try run(
            ScriptJob(
                path: path, arguments: ["127.0.0.1:80", "a b", "$(x)"],
                environment: ["PROXYD_GROUP": "db"]))
        #expect(result.tail == "\(path)|127.0.0.1:80|a b|$(x)|db|path")
    }

    @Test("a variable that holds a secret is not told")
    func secrets() throws {
        _ = try #require(ProcessEnvironment.secret(of: "SHLVL"))
        let result = try run(ScriptJob(path: script(#"printf '%s|%s' "$SHLVL" "${PATH:+path}""#)))
        #expect(result.tail == "|path")
    }

    @Test("a script has its own process group, three descriptors, and every signal as it should be")
    func hostEnvironment() throws {
        _ = signal(SIGPIPE, SIG_IGN)
        // Of programs that the shell runs: it has descriptors and signals of its own while it does.
        let text = """
            cut -d' ' -f5 /proc/$$/stat; echo $$
            ls /proc/self/fd | tr '\\n' ' '; readlink /proc/$$/fd/0
            grep -E 'SigBlk|SigIgn' /proc/self/status
            """
        let lines = try run(ScriptJob(path: script(text))).tail.split(separator: "\n")
        try #require(lines.count == 5)
        #expect(lines[0] == lines[1])
        // The fourth is the directory that ls reads.
        #expect(lines[2] == "0 1 2 3 /dev/null")
        #expect(lines[3].hasSuffix("0000000000000000"))
        // glibc ignores two signals of its own, 32 and 33.
        #expect(lines[4].hasSuffix("0000000"))
    }

    @Test("10 MB of output neither block nor stay; the end of it is kept")
    func output() throws {
        let text = "head -c 10000000 /dev/zero | tr '\\0' 'x'; echo; echo the end >&2"
        let result = try run(ScriptJob(path: script(text)))
        #expect(result.outcome == .exited(0))
        #expect(result.tail.utf8.count == 4096)
        #expect(result.tail.hasSuffix("x\nthe end\n"))
    }

    @Test("a script that hangs is ended with all that it has started")
    func hangs() throws {
        let path = try script("sleep 600 & echo $!; sleep 600")
        let result = try run(ScriptJob(path: path, timeout: .seconds(2)))
        #expect(result.outcome == .timedOut)
        try expectGone(result.tail)
    }

    @Test("one that will not be asked is ended all the same")
    func stubborn() throws {
        let path = try script("trap '' TERM; echo $$; while :; do sleep 600; done")
        let result = try run(ScriptJob(path: path, timeout: .seconds(2)))
        #expect(result.outcome == .timedOut)
        try expectGone(result.tail)
    }

    @Test("children that a script leaves behind are ended")
    func leavesChildren() throws {
        let result = try run(ScriptJob(path: script("sleep 600 & echo $!; exit 0")))
        #expect(result.outcome == .exited(0))
        try expectGone(result.tail)
    }

    /// The process with this number has gone, or is another one's zombie on its way.
    private func expectGone(_ text: String) throws {
        let number = try #require(pid_t(text.split(separator: "\n").first ?? ""))
        let end = Instant.now.advanced(by: .seconds(60))
        while Instant.now < end {
            guard let status = Self.content(of: "/proc/\(number)/stat"), !status.contains(") Z ")
            else { return }
            sched_yield()
        }
        Issue.record("process \(number) lives on")
    }

    /// A small file, whole; nil when it is not there.
    private static func content(of path: String) -> String? {
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return nil }
        defer { close(number) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe read(number, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    @Test("no zombie is left")
    func zombies() throws {
        for text in ["exit 0", "sleep 600 & exit 1", "kill -9 $$"] {
            let result = try run(ScriptJob(path: script("echo $$; " + text)))
            let number = try #require(pid_t(result.tail.split(separator: "\n").first ?? ""))
            // This one and no other: whoever ends in other tests is theirs to wait for.
            #expect(waitpid(number, nil, WNOHANG) == -1 && errno == ECHILD)
        }
        #expect(runner.runningCount == 0)
    }

    @Test("no more than the cap run at once, the others in turn, each is told once")
    func cap() throws {
        var (ended, most) = ([Int](), 0)
        let path = try script("sleep 0.01; exit $1")
        for number in 0..<40 {
            runner.start(ScriptJob(path: path, arguments: ["\(number)"]), now: .now) { result in
                #expect(result.outcome == .exited(CInt(number)))
                ended.append(number)
            }
        }
        #expect(runner.runningCount == 4)
        #expect(runner.waitingCount == 36)
        try serve {
            most = max(most, runner.runningCount)
            return ended.count == 40
        }
        #expect(most == 4)
        #expect(ended.sorted() == Array(0..<40))
        #expect(runner.runningCount + runner.waitingCount == 0)
    }

    @Test("one that waits for its turn is not counted as taking too long")
    func waitsInTurn() throws {
        let gate = folder.file("gate")
        #expect(unsafe mkfifo(gate, 0o600) == 0)
        let slow = try script("read line < \(gate)", name: "slow")
        let quick = try script("exit 0", name: "quick")
        var outcomes: [ScriptResult.Outcome] = []
        let now = Instant.now
        for _ in 0..<4 { runner.start(ScriptJob(path: slow), now: now) { _ in } }
        runner.start(ScriptJob(path: quick, timeout: .seconds(20)), now: now) {
            outcomes.append($0.outcome)
        }
        runner.meetDeadlines(now: now.advanced(by: .seconds(60)))
        #expect(outcomes.isEmpty && runner.waitingCount == 1)
        let writer = unsafe open(gate, O_RDWR | O_CLOEXEC)
        defer { close(writer) }
        _ = unsafe write(writer, "\n", 1)
        try serve { !outcomes.isEmpty }
        #expect(outcomes == [.exited(0)])
        runner.stop()
        try serve { runner.runningCount == 0 }
    }

    @Test("one that is cancelled is ended, and nobody is told")
    func cancel() throws {
        let number = runner.start(ScriptJob(path: try script("sleep 600")), now: .now) { _ in
            Issue.record("told of a script that was cancelled")
        }
        runner.cancel(number)
        try serve { runner.runningCount == 0 }
    }
}
