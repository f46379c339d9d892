internal import CLinux
internal import Glibc
internal import Shared

/// An address in the kernel's own shape (sockaddr(3type)), ready for `bind` and `connect`.
struct SocketAddress: Sendable {
    private var storage = sockaddr_storage()
    private(set) var length: socklen_t

    var family: CInt { CInt(storage.ss_family) }

    static let v4Family = CInt(AF_INET)
    static let v6Family = CInt(AF_INET6)

    /// nil for a name, which has to be resolved first.
    init?(_ endpoint: Endpoint) {
        length = 0
        switch endpoint {
        case .name:
            return nil
        case .ip(.v4(let address), let port):
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
            write { (raw: inout sockaddr_in) in
                raw.sin_family = sa_family_t(AF_INET)
                raw.sin_port = port.bigEndian
                raw.sin_addr.s_addr = address.bigEndian
            }
        case .ip(.v6(let high, let low, let scope), let port):
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            write { (raw: inout sockaddr_in6) in
                raw.sin6_family = sa_family_t(AF_INET6)
                raw.sin6_port = port.bigEndian
                raw.sin6_scope_id = scope
                unsafe withUnsafeMutableBytes(of: &raw.sin6_addr) { bytes in
                    unsafe bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
                    unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
                }
            }
        case .unix(let path):
            guard path.utf8.count <= Endpoint.longestPath else { return nil }
            // `@name` is in no file system (unix(7)): a zero byte takes the place of the sign, and the length
            // tells where the name ends. A path ends with a zero byte.
            let isAbstract = path.utf8.first == UInt8(ascii: "@")
            let start = MemoryLayout<sockaddr_un>.size - 108
            length = socklen_t(start + path.utf8.count + (isAbstract ? 0 : 1))
            write { (raw: inout sockaddr_un) in
                raw.sun_family = sa_family_t(AF_UNIX)
                unsafe withUnsafeMutableBytes(of: &raw.sun_path) { bytes in
                    unsafe bytes.copyBytes(from: path.utf8)
                    if isAbstract { unsafe bytes[0] = 0 }
                }
            }
        }
    }

    /// `NOTIFY_SOCKET`: a path, or with “@” in front a name that is in no file system.
    static func notifying(_ place: String) -> SocketAddress? {
        guard place.utf8.count < Endpoint.longestPath else { return nil }
        return place.hasPrefix("/") || place.hasPrefix("@")
            ? SocketAddress(.unix(path: place)) : nil
    }

    /// Lets the kernel write an address: `fill` gets the space and its length, and sets the length.
    init(
        filledBy fill: (__SOCKADDR_ARG, UnsafeMutablePointer<socklen_t>) -> Void
    ) {
        length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                unsafe fill(__SOCKADDR_ARG(__sockaddr__: raw), &length)
            }
        }
    }

    /// What people read; nil for a family that is not ours. A Unix client has no path of its own.
    var endpoint: Endpoint? {
        switch family {
        case AF_INET:
            return read { (raw: sockaddr_in) in
                .ip(
                    .v4(UInt32(bigEndian: raw.sin_addr.s_addr)),
                    port: UInt16(bigEndian: raw.sin_port))
            }
        case AF_INET6:
            return read { (raw: sockaddr_in6) in
                unsafe withUnsafeBytes(of: raw.sin6_addr) { bytes in
                    // An address is aligned to four bytes only.
                    let high = unsafe UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
                    let low = unsafe UInt64(
                        bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                    return .ip(
                        .v6(high: high, low: low, scope: raw.sin6_scope_id),
                        port: UInt16(bigEndian: raw.sin6_port))
                }
            }
        case AF_UNIX:
            return read { (raw: sockaddr_un) in
                unsafe withUnsafeBytes(of: raw.sun_path) { bytes in
                    let name = unsafe Array(bytes.prefix(abstractLength))
                    // What another process has chosen is shown only where it is text.
                    let isText = name.dropFirst().allSatisfy { (0x21...0x7E).contains($0) }
                    if name.count > 1, name[0] == 0, isText {
                        return .unix(path: "@" + String(decoding: name.dropFirst(), as: UTF8.self))
                    }
                    return unsafe .unix(
                        path: String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
                }
            }
        default:
            return nil
        }
    }

    /// The bytes of a Unix socket's name; only an abstract one is told by it where it ends.
    private var abstractLength: Int {
        max(0, Int(length) - (MemoryLayout<sockaddr_un>.size - 108))
    }

    /// Calls with the kernel's view of this address.
    func withRaw<Result>(
        _ body: (__CONST_SOCKADDR_ARG, socklen_t) -> Result
    ) -> Result {
        unsafe withUnsafePointer(to: storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                unsafe body(__CONST_SOCKADDR_ARG(__sockaddr__: raw), length)
            }
        }
    }

    private mutating func write<Raw>(_ body: (inout Raw) -> Void) {
        unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: Raw.self, capacity: 1) { unsafe body(&$0.pointee) }
        }
    }

    private func read<Raw, Result>(_ body: (Raw) -> Result) -> Result {
        unsafe withUnsafePointer(to: storage) { pointer in
            unsafe pointer.withMemoryRebound(to: Raw.self, capacity: 1) { unsafe body($0.pointee) }
        }
    }
}
