internal import CLinux
internal import Glibc
internal import Shared

extension Socket {
    /// A UDP socket that sends to one address and never waits.
    static func openDatagrams(to address: SocketAddress) throws(SystemError) -> FileDescriptor {
        let type =
            CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let number = socket(address.family, type, 0)
        guard number >= 0 else { throw SystemError("socket") }
        let descriptor = FileDescriptor(owning: number)
        guard case .connected = connect(descriptor, to: address) else {
            throw SystemError("connect")
        }
        return descriptor
    }

    /// Whether an address is this machine's own: what goes there comes from there. Nothing is sent.
    static func isOwn(_ address: IPAddress) -> Bool {
        guard let target = SocketAddress(.ip(address, port: 9)),
            let socket = try? openDatagrams(to: target),
            case .ip(let source, _)? = localEndpoint(socket)
        else { return false }
        return source.unscoped == address.unscoped
    }
}

extension IPAddress {
    /// Without the zone, which the kernel may add.
    fileprivate var unscoped: IPAddress {
        if case .v6(let high, let low, _) = self {
            .v6(high: high, low: low, scope: 0)
        } else {
            self
        }
    }
}
