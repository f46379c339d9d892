import Foundation
import Glibc
import Shared
import TestTerminal
import Synchronization

@testable import proxytop

/// Speaks the control protocol over a real socket, and plays a story or a recording.
final class FakeDaemon: Sendable {
    /// How it answers.
    enum Mood: String, CaseIterable, Sendable {
        case well
        /// Reads, and says nothing.
        case silent
        /// Half of an answer, and nothing more.
        case half
        /// Bytes that are not a protocol.
        case garbage
        /// An answer that says it has more lines than anybody would read.
        case boundless
        /// Ends the connection in the middle of an answer.
        case abrupt
    }

    private struct State {
        var story: Story
        var requests: [String] = []
        var mood = Mood.well
        /// Answers of a recording by their question, in order; nil plays the story.
        var recorded: [String: [Reply]]?
        var connections: Set<CInt> = []
        var isStopped = false
        var startedAt = ContinuousClock.now
    }

    let path: String
    private let listener: CInt
    private let state: Mutex<State>
    /// Signalled at every change-making request.
    private let acted = DispatchSemaphore(value: 0)

    /// `recording`: what a real daemon once answered, given again in the same order.
    convenience init(path: String, recording: [ReplayBuffer.Entry]) throws {
        try self.init(path: path)
        let answers = Dictionary(grouping: recording) { $0.words.joined(separator: " ") }
            .mapValues { $0.map(\.reply) }
        state.withLock { $0.recorded = answers }
    }

    init(path: String, story: Story = Story()) throws {
        self.path = path
        state = Mutex(State(story: story))
        _ = unsafe unlink(path)
        listener = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let number = listener
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(
                    number, __CONST_SOCKADDR_ARG(__sockaddr__: $0),
                    socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0, listen(listener, 8) == 0 else {
            throw TmuxTerminal.Failed(description: "cannot listen at \(path): \(errno)")
        }
        Thread.detachNewThread { self.accept() }
    }

    /// Goes away like a daemon that is stopped: the socket file stays.
    ///
    /// The thread that accepts closes the listener: its number might be another's by the time that the thread
    /// comes to accept again.
    func stop() {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.isStopped = true
            shutdown(listener, CInt(SHUT_RDWR))
            for connection in state.connections { shutdown(connection, CInt(SHUT_RDWR)) }
        }
    }

    var requests: [String] { state.withLock { $0.requests } }

    func change(_ body: @Sendable (inout Story) -> Void) { state.withLock { body(&$0.story) } }

    func become(_ mood: Mood) { state.withLock { $0.mood = mood } }

    /// Waits for the next request that changes something.
    func nextAct() throws -> String {
        guard acted.wait(timeout: .now() + 60) == .success, let last = requests.last else {
            throw TmuxTerminal.Failed(description: "no act came; requests: \(requests)")
        }
        return last
    }

    private func accept() {
        while true {
            let connection = unsafe Glibc.accept(
                listener, __SOCKADDR_ARG(__sockaddr__: nil), nil)
            guard connection >= 0 else { break }
            let isStopped = state.withLock { state in
                if !state.isStopped { state.connections.insert(connection) }
                return state.isStopped
            }
            guard !isStopped else {
                close(connection)
                break
            }
            Thread.detachNewThread { self.serve(connection) }
        }
        state.withLock { $0.isStopped = true }
        close(listener)
    }

    private func serve(_ connection: CInt) {
        var reader = LineReader()
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe read(connection, $0.baseAddress, $0.count)
            }
            guard count > 0 else { break }
            reader.append(buffer.prefix(count))
            while case .line(let line)? = reader.next() {
                guard let whole = answer(String(decoding: line, as: UTF8.self)) else { continue }
                let (bytes, isEnd) = Self.spoil(whole, state.withLock { $0.mood })
                defer { if isEnd { shutdown(connection, CInt(SHUT_RDWR)) } }
                _ = unsafe bytes.withUnsafeBytes {
                    unsafe send(connection, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
                }
            }
        }
        state.withLock { _ = $0.connections.remove(connection) }
        close(connection)
    }

    /// What of an answer goes out, and whether the connection ends with it.
    private static func spoil(_ bytes: [UInt8], _ mood: Mood) -> (bytes: [UInt8], isEnd: Bool) {
        switch mood {
        case .well: (bytes, false)
        case .silent: ([], false)
        case .half: (Array(bytes.prefix(bytes.count / 2)), false)
        case .garbage: (Array("\u{1b}[2J\u{0}HTTP/1.1 400 \u{7f}\n\n".utf8), false)
        case .boundless: (Array("OK 99999999999999999999 rows=1\n".utf8), false)
        case .abrupt: (Array(bytes.prefix(bytes.count / 2)), true)
        }
    }

    /// What was answered then; the last answer to a question stays.
    private static func recorded(_ line: String, _ answers: inout [String: [Reply]]) -> Reply {
        let verb = line.split(separator: " ").prefix(2).joined(separator: " ")
        let key = answers[line] != nil ? line : answers.keys.first { $0.hasPrefix(verb) }
        guard let key, let first = answers[key]?.first else {
            return .error(.unknown, message: "nobody asked that then: \(line)")
        }
        if let left = answers[key], left.count > 1 { answers[key]?.removeFirst() }
        return first
    }

    private func answer(_ line: String) -> [UInt8]? {
        let (reply, isAct): (Reply?, Bool) = state.withLock { state in
            let isAct = !state.story.isQuestion(line)
            if isAct { state.requests.append(line) }
            if var answers = state.recorded {
                let reply = Self.recorded(line, &answers)
                state.recorded = answers
                return (reply, isAct)
            }
            let now = ContinuousClock.now
            let (seconds, attoseconds) = (now - state.startedAt).components
            state.story.advance(
                milliseconds: UInt64(seconds * 1000 + attoseconds / 1_000_000_000_000_000))
            state.startedAt = now
            let reply =
                isAct ? Self.perform(line, &state.story) : state.story.reply(to: line)
            return (reply, isAct)
        }
        if isAct { acted.signal() }
        return reply?.encoded
    }

    private static func perform(_ line: String, _ story: inout Story) -> Reply {
        let words = line.split(separator: " ").map(String.init)
        guard words.count > 1 else { return .error(.usage, message: line) }
        if let condition = words.first(where: { $0.hasPrefix("if-gen=") }),
            condition != "if-gen=\(story.generation)"
        {
            return .error(.conflict, message: "the generation is \(story.generation)")
        }
        let to: ChannelState = words[0] == "enable" ? .up : words[0] == "drain" ? .drain : .off
        var table = Table(columns: ["path", "field", "from", "to"])
        var cut: UInt64 = 0
        for index in story.channels.indices {
            let channel = story.channels[index]
            guard channel.path == words[1] || channel.path.hasPrefix(words[1] + "/") else {
                continue
            }
            if words.contains("cut") {
                cut += channel.current
                story.channels[index].current = 0
            }
            guard channel.state != to else { continue }
            table.append([channel.path, "state", channel.state.rawValue, to.rawValue])
            story.channels[index].state = to
            story.generation += 1
        }
        return .table(table, attributes: [Reply.Attribute("cut", String(cut))])
    }
}
