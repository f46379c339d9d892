internal import CLinux
internal import Glibc

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
}
