/// What the front of an HTTP request says (RFC 9112), as far as a server of two pages must know.
struct HTTPRequestHead: Equatable, Sendable {
    enum Method: Equatable, Sendable { case get, head }

    var method: Method
    /// Without the query.
    var path: String

    /// Bytes of a head.
    static let longest = 4096

    enum Reading: Equatable {
        /// More bytes have to come.
        case incomplete
        case head(HTTPRequestHead)
        /// The request gets this answer instead.
        case refused(HTTPStatus)
    }

    /// Reads the bytes that have come so far. What stands behind the head is not read: the
    /// connection is closed behind the answer.
    static func read(_ bytes: [UInt8]) -> Reading {
        guard let end = headEnd(of: bytes) else {
            return bytes.count >= longest ? .refused(.headTooLarge) : .incomplete
        }
        guard end <= longest else { return .refused(.headTooLarge) }
        return request(in: bytes[..<end])
    }

    /// Where the empty line begins; a lone LF ends a line as well.
    private static func headEnd(of bytes: [UInt8]) -> Int? {
        var isEmptyLine = false
        for (index, byte) in bytes.enumerated() {
            if byte == 0x0A {
                if isEmptyLine { return index }
                isEmptyLine = true
            } else if byte != 0x0D {
                isEmptyLine = false
            }
        }
        return nil
    }

    private static func request(in head: ArraySlice<UInt8>) -> Reading {
        var lines = head.split(separator: 0x0A, omittingEmptySubsequences: true)
            .map { $0.last == 0x0D ? $0.dropLast() : $0 }
        guard !lines.isEmpty else { return .refused(.badRequest) }
        let words = lines.removeFirst().split(
            separator: 0x20, omittingEmptySubsequences: false)
        guard words.count == 3, words.allSatisfy({ $0.allSatisfy(isVisible) && !$0.isEmpty }),
            words[0].allSatisfy(isToken)
        else { return .refused(.badRequest) }
        // A header is NAME: VALUE, without a space in front of the colon (RFC 9112 §5.1).
        for line in lines where !line.isEmpty {
            guard let colon = line.firstIndex(of: 0x3A), colon > line.startIndex,
                line[..<colon].allSatisfy(isToken)
            else { return .refused(.badRequest) }
        }
        let version = String(decoding: words[2], as: UTF8.self)
        guard version.hasPrefix("HTTP/") else { return .refused(.badRequest) }
        guard version == "HTTP/1.1" || version == "HTTP/1.0" else {
            return .refused(.versionNotSupported)
        }
        guard let path = path(in: String(decoding: words[1], as: UTF8.self)) else {
            return .refused(.badRequest)
        }
        switch String(decoding: words[0], as: UTF8.self) {
        case "GET": return .head(HTTPRequestHead(method: .get, path: path))
        case "HEAD": return .head(HTTPRequestHead(method: .head, path: path))
        default: return .refused(.methodNotAllowed)
        }
    }

    private static func isVisible(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }

    /// RFC 9110 §5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// Of `/path?query`, or of a whole URL as proxies get it.
    private static func path(in target: String) -> String? {
        var rest = target[...]
        if rest.hasPrefix("http://") {
            rest = rest.dropFirst(7).drop { $0 != "/" }
            if rest.isEmpty { rest = "/" }
        }
        guard rest.first == "/" else { return nil }
        return String(rest.prefix { $0 != "?" && $0 != "#" })
    }
}

enum HTTPStatus: Int, Sendable, CaseIterable {
    case ok = 200
    case badRequest = 400
    case notFound = 404
    case methodNotAllowed = 405
    case timeout = 408
    case headTooLarge = 431
    case unavailable = 503
    case versionNotSupported = 505

    var reason: String {
        switch self {
        case .ok: "OK"
        case .badRequest: "Bad Request"
        case .notFound: "Not Found"
        case .methodNotAllowed: "Method Not Allowed"
        case .timeout: "Request Timeout"
        case .headTooLarge: "Request Header Fields Too Large"
        case .unavailable: "Service Unavailable"
        case .versionNotSupported: "HTTP Version Not Supported"
        }
    }
}

/// An answer, whole.
struct HTTPAnswer: Equatable, Sendable {
    var status: HTTPStatus
    var type = "text/plain; charset=utf-8"
    var body: [UInt8]

    init(_ status: HTTPStatus, type: String? = nil, body: [UInt8]? = nil) {
        self.status = status
        if let type { self.type = type }
        self.body = body ?? Array("\(status.reason)\n".utf8)
    }

    /// The bytes before the body; those for HEAD have the length of a body that does not come.
    var head: [UInt8] {
        var head = "HTTP/1.1 \(status.rawValue) \(status.reason)\r\n"
        head += "Content-Type: \(type)\r\nContent-Length: \(body.count)\r\n"
        if status == .methodNotAllowed { head += "Allow: GET, HEAD\r\n" }
        head += "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
        return Array(head.utf8)
    }
}
