import Foundation
import Glibc
import Shared
import TestTerminal
import Synchronization

/// Speaks the control protocol over a real socket, and plays a story.
final class FakeDaemon: Sendable {
    private struct State {
        var story: Story
        var requests: [String] = []
        var isSilent = false
        var connections: Set<CInt> = []
        var startedAt = ContinuousClock.now
    }

    let path: String
    private let listener: CInt
    private let state: Mutex<State>
    /// Signalled at every change-making request.
    private let acted = DispatchSemaphore(value: 0)

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
    func stop() {
        shutdown(listener, CInt(SHUT_RDWR))
        state.withLock { state in
            for connection in state.connections { shutdown(connection, CInt(SHUT_RDWR)) }
        }
        close(listener)
    }

    var requests: [String] { state.withLock { $0.requests } }

    func change(_ body: @Sendable (inout Story) -> Void) { state.withLock { body(&$0.story) } }

    /// Reads, and says nothing.
    func fallSilent() { state.withLock { $0.isSilent = true } }

    /// Waits for the next request that changes something.
    func nextAct() throws -> String {
        guard acted.wait(timeout: .now() + 20) == .success, let last = requests.last else {
            throw TmuxTerminal.Failed(description: "no act came; requests: \(requests)")
        }
        return last
    }

    private func accept() {
        while true {
            let connection = unsafe Glibc.accept(
                listener, __SOCKADDR_ARG(__sockaddr__: nil), nil)
            guard connection >= 0 else { return }
            state.withLock { _ = $0.connections.insert(connection) }
            Thread.detachNewThread { self.serve(connection) }
        }
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
                guard let bytes = answer(String(decoding: line, as: UTF8.self)) else { continue }
                _ = unsafe bytes.withUnsafeBytes {
                    unsafe send(connection, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
                }
            }
        }
        state.withLock { _ = $0.connections.remove(connection) }
        close(connection)
    }

    private func answer(_ line: String) -> [UInt8]? {
        let (reply, isAct): (Reply?, Bool) = state.withLock { state in
            let isAct = !state.story.isQuestion(line)
            if isAct { state.requests.append(line) }
            if state.isSilent { return (nil, isAct) }
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
