internal import CLinux
internal import Glibc
internal import Shared

/// Turns names into addresses (getaddrinfo(3)). Blocks, so it is only asked before anything runs.
enum Resolver {
    /// A name that led nowhere, in the resolver's words.
    struct Failure: Error, Equatable {
        let words: String
    }

    /// The first address of a name; other endpoints are returned as they are.
    static func resolve(_ endpoint: Endpoint) throws(Failure) -> Endpoint {
        guard case .name(let name, let port) = endpoint else { return endpoint }
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(name, String(port), &hints, &list)
        guard code == 0, let first = unsafe list else {
            throw Failure(words: unsafe String(cString: gai_strerror(code)))
        }
        defer { unsafe freeaddrinfo(first) }
        let address = unsafe SocketAddress { raw, length in
            let size = unsafe min(first.pointee.ai_addrlen, length.pointee)
            guard let source = unsafe first.pointee.ai_addr,
                let target = unsafe raw.__sockaddr__
            else { return }
            unsafe UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: Int(size))
            unsafe length.pointee = size
        }
        guard let resolved = address.endpoint else {
            throw Failure(words: "no address of a family that we know")
        }
        return resolved
    }
}
