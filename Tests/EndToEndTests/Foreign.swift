import Foundation
import Shared
import Testing

/// Another program's command lines, run by the built daemon in a directory of the test's own.
struct Foreign {
    let dialect: String
    let directory: TemporaryDirectory
    /// The control socket, where the environment can say so.
    let control: String
    private let environment: [String: String]

    init(_ dialect: String, environment: [String: String] = [:]) throws {
        self.dialect = dialect
        directory = try TemporaryDirectory()
        control = directory("control.sock")
        self.environment = environment.merging([
            "PROXYD_CONTROL": control, "PROXYD_BALANCE_DIRECTORY": directory("b"),
        ]) { $1 }
    }

    func program(_ arguments: [String], input: String? = nil) throws -> Program {
        try Program(
            [Daemon.binary, dialect] + arguments, in: directory, environment: environment,
            input: input)
    }

    /// Runs it to its end.
    func finish(
        _ arguments: [String], input: String? = nil
    ) throws -> (status: Int, output: String, errors: String) {
        let program = try program(arguments, input: input)
        let status = try program.waitForEnd()
        return (status, program.output, program.errors)
    }

    /// Starts it in the foreground and waits until its control socket answers.
    func start(_ arguments: [String], control: String? = nil) throws -> Program {
        let program = try program(arguments)
        try waitUntilReady(control ?? self.control) {
            guard program.isRunning else {
                throw Program.Failed(description: "it did not start\n\(program.report)")
            }
        }
        return program
    }

    /// Starts it in the background, where it says that it is ready by ending with 0; ended with the test.
    @discardableResult
    func startInBackground(_ arguments: [String], control: String? = nil) throws -> pid_t {
        let (status, output, errors) = try finish(arguments)
        guard status == 0 else {
            throw Program.Failed(description: "it exited with \(status): \(output)\(errors)")
        }
        let pid = try waitUntilReady(control ?? self.control) {}
        Leftovers.add { kill(pid, SIGKILL) }
        return pid
    }

    @discardableResult
    private func waitUntilReady(_ control: String, check: () throws -> Void) throws -> pid_t {
        try eventually("the control socket answers") {
            try check()
            guard let client = try? ControlClient(path: control),
                case .ok(let attributes, _) = try? client.ask("hello")
            else { return nil }
            return attributes["pid"].flatMap { pid_t($0) }
        }
    }

    func ask(_ line: String, control: String? = nil) throws -> [String] {
        let reply = try ControlClient(path: control ?? self.control).ask(line)
        guard case .ok(_, let lines) = reply else {
            throw UnexpectedReply(question: line, reply: reply)
        }
        return lines
    }

    func channels(control: String? = nil) throws -> [ChannelSnapshot] {
        Table(lines: try ask("show channels", control: control)).map(ChannelSnapshot.all) ?? []
    }
}

extension Endpoint {
    /// An address of loopback: 127.0.0.N.
    static func loopback(_ last: UInt32 = 1, port: UInt16 = 0) -> Endpoint {
        .ip(.v4(0x7F00_0000 | last), port: port)
    }
}

extension Socket {
    /// Connects from that address.
    static func connected(from source: Endpoint, to endpoint: Endpoint) throws -> Socket {
        let socket = try bound(to: source)
        try socket.connect(to: endpoint)
        return socket
    }

    /// What the first byte says of who answers; nothing at the end of the stream.
    func letter() throws -> String { String(decoding: try receive(atMost: 1), as: UTF8.self) }
}

/// Who answers at an address.
func letter(at endpoint: Endpoint) throws -> String {
    let client = try Socket.connected(to: endpoint)
    defer { client.close() }
    return try client.letter()
}

/// Who answers, one client after the other.
func letters(_ count: Int, at endpoint: Endpoint) throws -> String {
    try (0..<count).map { _ in try letter(at: endpoint) }.joined(separator: " ")
}

func isRefused(at endpoint: Endpoint) throws -> Bool {
    do {
        try Socket.connected(to: endpoint).close()
        return false
    } catch let error as SocketError where error.isRefused {
        return true
    }
}

/// A place that does not answer a SYN: its queue is full.
struct BlackHole {
    let endpoint: Endpoint

    init() throws {
        let listener = try Socket.listening(backlog: 0)
        endpoint = try listener.endpoint
        // Nobody accepts. Few are held by the kernel, and of the next ones nobody hears (listen(2)).
        let filling = try (0..<8).map { [endpoint] _ in
            let socket = try Socket.unconnected(for: endpoint)
            socket.setNonBlocking()
            try socket.beginConnecting(to: endpoint)
            return socket
        }
        Leftovers.add { for socket in [listener] + filling { socket.close() } }
    }
}
