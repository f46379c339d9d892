import CLinux
import Foundation
import Shared

/// An endpoint as the kernel wants it.
struct Address {
    private var storage = sockaddr_storage()
    private var size: socklen_t

    var family: CInt { CInt(storage.ss_family) }

    init(_ endpoint: Endpoint) throws {
        switch endpoint {
        case .ip(.v4(let address), let port):
            size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let filled = sockaddr_in(
                sin_family: sa_family_t(AF_INET), sin_port: port.bigEndian,
                sin_addr: in_addr(s_addr: address.bigEndian), sin_zero: (0, 0, 0, 0, 0, 0, 0, 0))
            unsafe withUnsafeMutableBytes(of: &storage) {
                unsafe $0.storeBytes(of: filled, as: sockaddr_in.self)
            }
        case .ip(.v6(let high, let low, let scope), let port):
            size = socklen_t(MemoryLayout<sockaddr_in6>.size)
            var filled = sockaddr_in6()
            filled.sin6_family = sa_family_t(AF_INET6)
            filled.sin6_port = port.bigEndian
            filled.sin6_scope_id = scope
            unsafe withUnsafeMutableBytes(of: &filled.sin6_addr) { bytes in
                unsafe bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
                unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            unsafe withUnsafeMutableBytes(of: &storage) {
                unsafe $0.storeBytes(of: filled, as: sockaddr_in6.self)
            }
        case .unix(let path):
            size = socklen_t(MemoryLayout<sockaddr_un>.size)
            storage.ss_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &storage) { bytes in
                for (index, byte) in path.utf8.enumerated() {
                    unsafe bytes.storeBytes(of: byte, toByteOffset: 2 + index, as: UInt8.self)
                }
            }
        case .name: throw SocketError(EINVAL, "a name is not an address")
        }
    }

    /// What a socket is bound to.
    init(of socket: Socket) throws {
        size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var (bound, length) = (sockaddr_storage(), size)
        let result = unsafe withUnsafeMutablePointer(to: &bound) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(socket.number, __SOCKADDR_ARG(__sockaddr__: $0), &length)
            }
        }
        guard result == 0 else { throw SocketError(errno, "getsockname") }
        (storage, size) = (bound, length)
    }

    func withPointer(_ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void) rethrows {
        var copy = storage
        try unsafe withUnsafePointer(to: &copy) { pointer in
            try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try unsafe body($0, size)
            }
        }
    }

    var endpoint: Endpoint {
        get throws {
            var copy = storage
            return try unsafe withUnsafeBytes(of: &copy) { bytes in
                switch family {
                case AF_INET:
                    let address = unsafe bytes.load(as: sockaddr_in.self)
                    return .ip(
                        .v4(UInt32(bigEndian: address.sin_addr.s_addr)),
                        port: UInt16(bigEndian: address.sin_port))
                case AF_INET6:
                    let address = unsafe bytes.load(as: sockaddr_in6.self)
                    let high = unsafe bytes.load(fromByteOffset: 8, as: UInt64.self)
                    let low = unsafe bytes.load(fromByteOffset: 16, as: UInt64.self)
                    return .ip(
                        .v6(high: .init(bigEndian: high), low: .init(bigEndian: low), scope: 0),
                        port: UInt16(bigEndian: address.sin6_port))
                case AF_UNIX:
                    let path = unsafe bytes.dropFirst(2).prefix { $0 != 0 }
                    return .unix(path: unsafe String(decoding: path, as: UTF8.self))
                default: throw SocketError(EAFNOSUPPORT, "getsockname")
                }
            }
        }
    }
}

extension Endpoint {
    /// 0 for a Unix socket.
    var port: UInt16 {
        switch self {
        case .ip(_, let port), .name(_, let port): port
        case .unix: 0
        }
    }
}
