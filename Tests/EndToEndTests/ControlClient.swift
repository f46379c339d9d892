import Shared

/// A connection to the daemon's control socket.
final class ControlClient {
    let socket: Socket
    private var reader = ReplyReader()

    init(path: String) throws { socket = try Socket.connected(to: .unix(path: path)) }

    /// Sends a line and reads its reply.
    func ask(_ line: String) throws -> Reply {
        try socket.send(line + "\n")
        return try nextReply()
    }

    /// - Throws: `TooLate` when the daemon closes instead.
    func nextReply() throws -> Reply {
        while true {
            if let reply = try reader.next() { return reply }
            let bytes = try socket.receive()
            guard !bytes.isEmpty else { throw TooLate(what: "a reply: the daemon closed") }
            reader.append(bytes)
        }
    }
}

/// The daemon answered with `ERR`, or with less than was expected.
struct UnexpectedReply: Error, CustomStringConvertible {
    let question: String
    let reply: Reply
    var description: String { "“\(question)” was answered with \(reply)" }
}
