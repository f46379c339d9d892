internal import Glibc

/// A script to be run: which one, with what, and for how long at most.
struct ScriptJob: Equatable, Sendable {
    var path: String
    var arguments: [String] = []
    /// Added to the daemon's own environment, over what it has.
    var environment: [String: String] = [:]
    /// Counted from its start, not from when it was asked for; nil: no limit.
    var timeout: Duration?
}

/// What became of a script.
struct ScriptResult: Equatable, Sendable {
    enum Outcome: Equatable, Sendable {
        case exited(CInt)
        case signalled(CInt)
        case timedOut
        case cannotStart(CInt)
    }

    var outcome: Outcome
    /// The end of what it wrote, standard output and error together.
    var tail: String
    var nanoseconds: UInt64

    var isSuccess: Bool { outcome == .exited(0) }
}

extension ScriptResult.Outcome: CustomStringConvertible {
    var description: String {
        switch self {
        case .exited(let status): "exit status \(status)"
        case .signalled(let number): "signal \(number)"
        case .timedOut: "took too long and was ended"
        case .cannotStart(let number): "cannot be started: \(SystemError.words(for: number))"
        }
    }
}

/// A script that runs.
final class Script {
    let number: UInt64
    let job: ScriptJob
    let slot: Int
    let started: Instant
    private let child: Spawn
    private let generation: UInt32
    private var tail: [UInt8] = []
    private var isOutputOpen = true
    private(set) var stage = Stage.running
    /// What happens when its deadline comes.
    enum Stage {
        case running, terminated, killed
    }

    /// Kept of what a script writes.
    private static let tailSize = 4096
    /// Read in a row once a script has ended: what was in the pipe, and no more.
    private static let lastReads = 16

    init(
        _ job: ScriptJob, number: UInt64, slot: Int, generation: UInt32, child: Spawn,
        now: Instant
    ) {
        self.job = job
        self.number = number
        self.slot = slot
        self.generation = generation
        self.child = child
        started = now
    }

    var process: pid_t { child.process }

    /// Whether the poller will report its end; otherwise it must be asked now and then.
    var tellsOfItsEnd: Bool { child.endDescriptor.number >= 0 }

    func watch(with poller: borrowing Poller) throws(SystemError) {
        let output = Token(.output, slot: slot, generation: generation)
        try poller.add(child.output.number, output, .readable)
        guard tellsOfItsEnd else { return }
        let end = Token(.process, slot: slot, generation: generation)
        try poller.add(child.endDescriptor.number, end, .readable)
    }

    /// Takes what it has written, as much as `space` holds.
    ///
    /// - Returns: whether there may be more.
    @discardableResult
    func read(into space: inout [UInt8], poller: borrowing Poller) -> Bool {
        guard isOutputOpen else { return false }
        let number = child.output.number
        let count = unsafe Glibc.read(number, &space, space.count)
        guard count > 0 else {
            if count == 0 || errno != EAGAIN && errno != EINTR {
                isOutputOpen = false
                poller.remove(number)
            }
            return false
        }
        tail.append(contentsOf: space[max(0, count - Self.tailSize)..<count])
        if tail.count > Self.tailSize { tail.removeFirst(tail.count - Self.tailSize) }
        return true
    }

    /// It takes too long: first it is asked to end, and then ended, with everything that it has started.
    func press() {
        switch stage {
        case .running:
            stage = .terminated
            Spawn.signal(SIGTERM, toGroup: process)
        case .terminated, .killed:
            stage = .killed
            Spawn.signal(SIGKILL, toGroup: process)
        }
    }

    /// It has ended; so does what it has left behind.
    func finish(space: inout [UInt8], poller: borrowing Poller, now: Instant) -> ScriptResult? {
        // Before it is reaped: until then its number is not reused.
        Spawn.signal(SIGKILL, toGroup: process)
        guard let end = Spawn.end(of: process) else { return nil }
        for _ in 0..<Self.lastReads where !read(into: &space, poller: poller) { break }
        if isOutputOpen { poller.remove(child.output.number) }
        let outcome: ScriptResult.Outcome =
            switch (stage, end) {
            case (.running, .exited(let status)): .exited(status)
            case (.running, .signalled(let number)): .signalled(number)
            case (.terminated, _), (.killed, _): .timedOut
            }
        return ScriptResult(
            outcome: outcome, tail: text, nanoseconds: now.elapsed(since: started))
    }

    private var text: String { String(decoding: tail, as: UTF8.self) }
}
