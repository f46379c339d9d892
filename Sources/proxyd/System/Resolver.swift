internal import CLinux
internal import Glibc
internal import Shared

/// Turns names into addresses (getaddrinfo(3)). Blocks, so it is only asked before anything runs.
enum Resolver {
    /// A name that led nowhere, in the resolver's words.
    struct Failure: Error, Equatable {
        let words: String
    }

    /// All addresses of a name, each once, in the resolver's order (RFC 6724); others are returned as
    /// they are.
    static func resolveAll(_ endpoint: Endpoint) throws(Failure) -> [Endpoint] {
        guard case .name(let name, let port) = endpoint else { return [endpoint] }
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(name, String(port), &hints, &list)
        guard code == 0 else { throw Failure(words: unsafe String(cString: gai_strerror(code))) }
        defer { unsafe freeaddrinfo(list) }
        var found: [Endpoint] = []
        var entry = unsafe list
        while let present = unsafe entry, found.count < mostAddresses {
            if let endpoint = unsafe Self.endpoint(of: present.pointee), !found.contains(endpoint) {
                found.append(endpoint)
            }
            unsafe entry = present.pointee.ai_next
        }
        guard !found.isEmpty else { throw Failure(words: "no address of a family that we know") }
        return found
    }

    /// Of one name; more are left out.
    static let mostAddresses = 64

    /// The first address of a name; other endpoints are returned as they are.
    static func resolve(_ endpoint: Endpoint) throws(Failure) -> Endpoint {
        try resolveAll(endpoint)[0]
    }

    private static func endpoint(of entry: addrinfo) -> Endpoint? {
        guard let source = unsafe entry.ai_addr else { return nil }
        let size = unsafe entry.ai_addrlen
        return unsafe SocketAddress { raw, length in
            guard let target = unsafe raw.__sockaddr__, unsafe size <= length.pointee else {
                return
            }
            unsafe UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: Int(size))
            unsafe length.pointee = size
        }.endpoint
    }
}
