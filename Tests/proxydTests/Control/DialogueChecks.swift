import Glibc
import Shared

@testable import proxyd

/// What must hold for whatever a client says on the control socket, line after line, in each role. Used by the tests and by
/// `scripts/fuzz`.
enum DialogueChecks {
    /// What fuzzing begins with. The first byte says the role.
    static let seeds = [
        "0hello\nshow channels\nshow sessions where id > 3 sort -id limit 2 offset 1\nmetrics\n",
        "0begin\nset mail/main/a weight 3\nplan\nabort\nexplain 192.0.2.7\nshow config\ndescribe\n",
        "0watch 0.1 show channels\nevents follow since 0 where kind = state\nhelp\nshow limits\n",
        "1begin\nset mail/main/a weight 7\nset mail/main/a maxc 9\nplan\ncommit\nshow channel 0/0\n",
        "1drain mail/main/a\nplan disable mail/main cut\nenable mail\nshed mail/main/b 2 5/s\n",
        "1kill sessions where client ~ \"10.\" preview\nkill session 4\nprobe mail/main/a\n",
        "2begin\ncreate channel mail/main/z 127.0.0.1:9\nset mail overload queue\ncommit\nundo\n",
        "2delete channel mail/main/b\nset mail/main balance hash\nplan create group mail/x\ndiff\n",
        "2create service s 127.0.0.1:0 unix:/nowhere\nset s/0 access \"deny 10.0.0.0/8\"\nsave\n",
        "2debug session 1 for 1m\nlogs reopen\nreset mail\nintend mail/main/a\nshow control\n",
        "2begin if-gen=1\nbegin\ncommit\ncommit\nreload\ndrain\nshutdown\nupgrade\nhistory mail\n",
        "2dump session 1 text\ndump where id > 0\nshow history mail step 1s\nshow tls\nelect mail\n",
    ].map { Array($0.utf8) }

    private static let configuration = """
        services:
          - name: mail
            listen: ["127.0.0.1:0"]
            groups:
              - name: main
                channels:
                  - { name: a, address: "127.0.0.1:1", probe: connect }
                  - { name: b, address: "127.0.0.1:2" }
              - { name: spare, balance: primary, channels: [{ name: c, address: "unix:/nowhere" }] }
        """

    /// What does not hold, or nil.
    static func violation(by bytes: [UInt8]) throws -> String? {
        let roles: [proxyd.Peer.Role] = [.viewer, .operator, .admin]
        guard let first = bytes.first else { return nil }
        let role = roles[Int(first) % roles.count]
        let daemon = try FakeDaemon.running(configuration)
        let before = daemon.configuration
        for index in 0..<UInt64(3) {
            daemon.sessions.append(.sample(index * 2, of: daemon.topology.listeners[0]))
        }
        let dialogue = try Dialogue(daemon, role: role)
        for piece in bytes.dropFirst().chunks(of: 8192) { try dialogue.say(Array(piece)) }
        // Whatever was said, the next line is understood.
        try dialogue.say(Array("\nhelp end-of-dialogue\n".utf8))
        guard dialogue.hasEnded else { return "the dialogue goes on without an answer" }
        guard role == .viewer else { return nil }
        let hasChanged =
            daemon.configuration != before || daemon.changes > 0 || !daemon.ends.isEmpty
            || !daemon.cutSessions.isEmpty || !daemon.shed.isEmpty
        return hasChanged ? "a viewer has changed something" : nil
    }
}

/// A connection of the control socket and its client, without a loop and without waiting.
private final class Dialogue {
    private let connection: ControlConnection
    private let client: TestSocket
    private var reader = ReplyReader()
    /// The answer to the last line has come.
    private(set) var hasEnded = false

    init(_ daemon: FakeDaemon, role: proxyd.Peer.Role) throws {
        let (near, far) = try TestSocket.pair(.unix)
        client = far
        connection = ControlConnection(
            FileDescriptor(owning: dup(near.number)),
            peer: proxyd.Peer(uid: 1000, pid: 1, program: "fuzz", role: role), daemon: daemon,
            token: Token(.control))
    }

    func say(_ bytes: [UInt8]) throws {
        try client.send(bytes)
        var isIdle = false
        while !isIdle, !connection.isFinished {
            isIdle = true
            // A viewer that asks for much waits for its next turn; here that comes at once.
            while connection.isPostponed {
                connection.meetDeadlines(now: connection.nextDue ?? .now)
                try read()
            }
            if connection.interest.contains(.readable),
                Wait.poll(connection.number, CInt(POLLIN), milliseconds: 0) != nil
            {
                connection.resume(.readable)
                isIdle = false
            }
            if try read() { isIdle = false }
            if connection.interest.contains(.writable) { connection.resume(.writable) }
        }
    }

    /// Whether there was something. A reply that is none is an error.
    @discardableResult
    private func read() throws -> Bool {
        var hasRead = false
        while case .bytes(let bytes) = client.receiveSome() {
            reader.append(bytes)
            hasRead = true
            connection.resume(.writable)
        }
        while let reply = try reader.next() {
            if case .error(_, let message) = reply, message.contains("end-of-dialogue") {
                hasEnded = true
            }
        }
        return hasRead
    }
}

extension ArraySlice<UInt8> {
    fileprivate func chunks(of size: Int) -> [ArraySlice<UInt8>] {
        stride(from: startIndex, to: endIndex, by: size).map {
            self[$0..<Swift.min($0 + size, endIndex)]
        }
    }
}
