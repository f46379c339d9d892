/// Which daemon: a control socket of this machine, or a command that reaches one elsewhere.
struct DaemonTarget: Equatable, Sendable {
    /// nil with `via`: the only one there.
    var path: String?
    /// As in `ssh db1`; what runs is `ssh db1 proxyd ctl --stdio`.
    var via: String?

    /// Why a target cannot be used, in words.
    struct ParseError: Error, Equatable {
        var message: String
    }

    /// What the screen calls it until it has said its own name.
    var name: String { via ?? path ?? "?" }

    /// The whole command line, which a shell splits here and another one perhaps there.
    var command: String? {
        guard let via else { return nil }
        return via + " proxyd ctl --stdio" + (path.map { " --socket \($0)" } ?? "")
    }

    /// Whether the command may be run: it goes through shells, so the path has to be plain.
    func check() throws(ParseError) {
        guard let via else { return }
        guard via.utf8.contains(where: { $0 > 0x20 }),
            via.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { throw ParseError(message: "--via needs a command, as in --via 'ssh db1'") }
        let plain = "/._-+@%:,="
        guard
            path?.allSatisfy({ ($0.isASCII && ($0.isLetter || $0.isNumber)) || plain.contains($0) })
                ?? true
        else {
            throw ParseError(
                message: "with --via the path of --socket has letters, digits and “\(plain)” only")
        }
    }

    func connect() throws(ControlSocket.Failure) -> ControlSocket {
        if let command { return try ControlSocket(running: command) }
        return try ControlSocket(path: path ?? "")
    }
}
