internal import Glibc
internal import Shared

/// A destination that sends back whatever it is sent, on a loopback port of its own.
final class EchoChannel: Sendable {
    let name: String
    let endpoint: Endpoint
    private let socket: FileDescriptor

    init(name: String) throws(SystemError) {
        let loopback = Endpoint.ip(.loopbackV4, port: 0)
        guard let address = SocketAddress(loopback) else { throw SystemError("bind", EINVAL) }
        let socket = try Socket.open(family: address.family)
        try Socket.bind(socket, to: address)
        try Socket.listen(socket, backlog: 128)
        self.name = name
        endpoint = Socket.localEndpoint(socket) ?? loopback
        self.socket = socket
    }

    /// Serves on a thread of its own, and each connection on another: this is a demo.
    func serve() throws(SystemError) {
        try Thread.detached(name: "echo-\(name)") { [self] in
            var event = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
            while unsafe poll(&event, 1, -1) >= 0 || errno == EINTR {
                guard let accepted = try? Socket.accept(socket.number) else { continue }
                let number = accepted.descriptor
                _ = try? Thread(name: "echo-\(name)") { Self.echo(number) }
            }
        }
    }

    private static func echo(_ number: CInt) {
        let connection = DemoConnection(accepted: number)
        var space = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = connection.read(into: &space)
            guard count > 0, connection.write(space[..<count]) else { return }
        }
    }
}
