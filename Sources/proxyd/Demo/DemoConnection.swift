internal import Glibc
internal import Shared

/// A connection that its thread may block on; only the demo's own clients and channels use it.
struct DemoConnection: ~Copyable {
    private let socket: FileDescriptor

    init(accepted number: CInt) {
        socket = FileDescriptor(owning: number)
        Self.makeBlocking(number)
    }

    /// Connects; nil when the connect fails.
    init?(to endpoint: Endpoint) {
        guard let address = SocketAddress(endpoint),
            let socket = try? Socket.open(family: address.family)
        else { return nil }
        Self.makeBlocking(socket.number)
        guard case .connected = Socket.connect(socket, to: address) else { return nil }
        self.socket = socket
    }

    private static func makeBlocking(_ number: CInt) {
        _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) & ~O_NONBLOCK)
    }

    /// Reads what has come, at most `space` bytes of it; 0 at the end.
    func read(into space: inout [UInt8]) -> Int {
        let number = socket.number
        let outcome = unsafe space.withUnsafeMutableBytes {
            unsafe Socket.receive(number, into: $0)
        }
        guard case .moved(let count) = outcome else { return 0 }
        return count
    }

    /// Writes all of it; false when the other side has gone.
    func write(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let number = socket.number
            let outcome = unsafe rest.withUnsafeBytes { unsafe Socket.send(number, $0) }
            guard case .moved(let count) = outcome else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Says something and waits until as much has come back.
    func exchange(_ bytes: [UInt8], with space: inout [UInt8]) -> Bool {
        guard write(bytes[...]) else { return false }
        var missing = bytes.count
        while missing > 0 {
            let count = read(into: &space)
            guard count > 0 else { return false }
            missing -= count
        }
        return true
    }
}
