import Foundation
import Shared

/// A control connection that knows nothing but the rules of `docs/control-protocol.md`: what the programs of
/// other people are, who share no code with us.
final class RawControl {
    struct Reply: Equatable {
        /// The first line: `OK 2 generation=1 …` or `ERR unknown …`.
        var head: String
        var lines: [String] = []

        /// `OK`, or the error's code.
        var word: String {
            let words = head.split(separator: " ")
            return words.first == "ERR" && words.count > 1
                ? String(words[1]) : String(words.first ?? "")
        }

        /// An attribute without blanks in it.
        func attribute(_ name: String) -> String? {
            head.split(separator: " ").first { $0.hasPrefix(name + "=") }
                .map { String($0.dropFirst(name.count + 1)) }
        }
    }

    let socket: Socket
    private var bytes: [UInt8] = []

    init(_ daemon: Daemon) throws {
        socket = try Socket.connected(to: .unix(path: daemon.controlPath))
    }

    func send(_ text: String) throws { try socket.send(text) }

    func ask(_ line: String) throws -> Reply {
        try send(line + "\n")
        return try reply()
    }

    /// One line, and as many as it announces.
    func reply() throws -> Reply {
        let head = try line()
        let words = head.split(separator: " ", omittingEmptySubsequences: false)
        guard words.first == "OK" else { return Reply(head: head) }
        guard words.count > 1, let count = Int(words[1]), count >= 0 else {
            throw Program.Failed(description: "“\(head)” announces no number of lines")
        }
        return Reply(head: head, lines: try (0..<count).map { _ in try line() })
    }

    private func line() throws -> String {
        while true {
            if let end = bytes.firstIndex(of: 0x0A) {
                defer { bytes.removeSubrange(...end) }
                return String(decoding: bytes[..<end], as: UTF8.self)
            }
            let more = try socket.receive()
            guard !more.isEmpty else { throw TooLate(what: "a reply: the daemon closed") }
            bytes += more
        }
    }

    /// Nothing more comes, and the daemon closes.
    func expectEnd() throws -> Bool { try bytes.isEmpty && socket.receive().isEmpty }
}
