internal import Glibc
internal import Shared

/// `balance -i` and `balance -c`, on the streams of this process.
struct BalanceConversation {
    let request: BalanceRequest

    private static let unavailable: Int32 = 69
    private static let system: Int32 = 71
    /// How long a daemon may take to leave after `kill`.
    private static let patience = Duration.seconds(5)

    /// One command after the other over a control socket.
    private struct Link: BalanceLink {
        let client: ControlClient

        func ask(_ words: [String]) throws(BalanceLost) -> Reply {
            do throws(ControlFailure) {
                try client.send(Request(words: words))
                return try client.receive()
            } catch {
                throw BalanceLost()
            }
        }
    }

    /// - Returns: what the program ends with.
    func run() -> Int32 {
        let client: ControlClient
        do throws(ControlFailure) {
            client = try ControlClient(path: request.socket)
        } catch {
            if case .forbidden = error { return forbidden() }
            StandardOutput.write("no master process, exiting.\n")
            return Self.unavailable
        }
        let link = Link(client: client)
        let greeting = try? link.ask(["hello"])
        if case .error(.forbidden, _)? = greeting { return forbidden() }
        guard case .ok(let attributes, _)? = greeting,
            let pid = attributes.first(where: { $0.name == "pid" })?.value
        else {
            StandardOutput.write("no master process, exiting.\n")
            return Self.unavailable
        }
        var shell = BalanceShell(
            link, services: ServicePort.number(of:), addresses: HostEnvironment.real.address)
        do throws(BalanceLost) {
            return try converse(&shell, pid: pid)
        } catch {
            StandardOutput.write("no master process with pid \(pid), exiting.\n")
            return Self.unavailable
        }
    }

    /// The daemon is another user's.
    private func forbidden() -> Int32 {
        StandardError.write(
            "open: Permission denied\n" + BalanceMessages.checkPermissions(of: request.socket)
                + "\n")
        return Self.system
    }

    private func converse(_ shell: inout BalanceShell<Link>, pid: String) throws(BalanceLost)
        -> Int32
    {
        if let command = request.command {
            let outcome = try shell.run(command, print: Self.print)
            return outcome == .kill ? kill() : 0
        }
        StandardOutput.write(
            "\nbalance \(BalanceDialect.version) interactive command shell\n"
                + "PID of master process is \(pid)\n\n")
        while true {
            StandardOutput.write(shell.prompt)
            guard let line = readLine() else {
                StandardOutput.write("\n")
                return 0
            }
            switch try shell.run(line, print: Self.print) {
            case .proceed: continue
            case .quit: return 0
            case .kill: return kill()
            }
        }
    }

    private static func print(_ line: String) {
        if !line.isEmpty { StandardOutput.write(line + "\n") }
    }

    /// The daemon accepts no more clients and gives up its place; sessions that run go on to their end.
    private func kill() -> Int32 {
        let deadline = ContinuousClock.now + Self.patience
        if let client = try? ControlClient(path: request.socket) {
            _ = try? Link(client: client).ask(["drain-daemon"])
        }
        while ContinuousClock.now < deadline {
            guard (try? ControlClient(path: request.socket)) != nil else {
                StandardOutput.write("shutdown complete, exiting.\n")
                return 0
            }
            _ = poll(nil, 0, 20)
        }
        StandardOutput.write("shutdown failed.\n")
        return Self.unavailable
    }
}
