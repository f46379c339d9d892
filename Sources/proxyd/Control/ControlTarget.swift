internal import Shared

/// Which daemon `proxyd ctl` talks to, and by which way.
struct ControlTarget: Equatable, Sendable {
    /// nil: the only one in the runtime directory.
    var socket: String?
    /// Words of the shell that run a command elsewhere, e.g. `ssh db1`.
    var via: String?
    var ignoresInterrupts = false

    func connect() throws(ControlFailure) -> ControlClient {
        guard let via else {
            if let socket { return try ControlClient(path: socket) }
            return try ControlClient(path: ControlSockets.onlyOne())
        }
        return try ControlClient(
            running: Self.command(via: via, socket: socket), for: via,
            ignoresInterrupts: ignoresInterrupts)
    }

    /// The whole command line. The shell here splits `via`; what comes behind it may meet another
    /// shell over there, so it must need no quotes in either.
    static func command(via: String, socket: String?) throws(ControlFailure) -> String {
        guard via.utf8.contains(where: { $0 > 0x20 }),
            via.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { throw .usage("--via needs a command, as in --via 'ssh db1'") }
        guard let socket else { return "\(via) proxyd ctl --stdio" }
        let isPlain = socket.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || "/._-+@%:,=".utf8.contains($0)
        }
        guard isPlain, !socket.isEmpty else {
            throw .usage(
                "with --via the path of --socket has letters, digits and “/._-+@%:,=” only")
        }
        return "\(via) proxyd ctl --stdio --socket \(socket)"
    }
}
