/// `http`: one request, and an answer whose status, and body if need be, are as they should.
struct HTTPExchange: ProbeExchange {
    private let check: HTTPCheck
    private let host: String
    private var received: [UInt8] = []
    private var head: HTTPHead?

    /// All that is read of an answer; a body must show what is expected within it.
    static let mostBytes = 65_536

    /// `host` is what the channel is called, for the header.
    init(_ check: HTTPCheck, host: String) {
        self.check = check
        self.host = check.host ?? host
    }

    mutating func begin() -> ProbeMove {
        let lines = [
            "\(check.method.rawValue) \(check.path.revealed) HTTP/1.1", "Host: \(host)",
            "User-Agent: proxyd", "Accept: */*", "Connection: close", "", "",
        ]
        return .send(Array(lines.joined(separator: "\r\n").utf8))
    }

    mutating func receive(_ bytes: ArraySlice<UInt8>) -> ProbeMove {
        received += bytes.prefix(max(0, Self.mostBytes - received.count))
        if let verdict = judge() { return .done(verdict) }
        guard received.count < Self.mostBytes else {
            return .done(.bad(missing(after: "the first \(Self.mostBytes) bytes")))
        }
        return .wait
    }

    mutating func end() -> ProbeResult {
        received.isEmpty ? .bad("closed without an answer") : .bad(missing(after: "the end"))
    }

    func expire() -> ProbeResult {
        received.isEmpty ? .bad("timeout") : .bad("timeout: " + missing(after: "the timeout"))
    }

    private func missing(after moment: String) -> String {
        guard head != nil, let body = check.body else {
            return "no whole HTTP header before \(moment), got \(ProbeText.quoted(received))"
        }
        return "body has no \(ProbeText.quoted(body)) before \(moment)"
    }

    /// The verdict, once it is known.
    private mutating func judge() -> ProbeResult? {
        if head == nil {
            guard Self.mayBeHTTP(received) else {
                return .bad("expected an HTTP answer, got \(ProbeText.quoted(received))")
            }
            while let (length, found) = HTTPHead.parse(received) {
                // 100 Continue and its like announce the real answer.
                received.removeFirst(length)
                guard (100..<200).contains(found.status) else {
                    head = found
                    break
                }
            }
        }
        guard let head else { return nil }
        guard check.status.contains(where: { $0.contains(head.status) }) else {
            return .bad("status \(head.status), not \(check.status.words)")
        }
        guard let body = check.body else { return .good("ok: status \(head.status)") }
        return search(body, head)
    }

    private func search(_ text: String, _ head: HTTPHead) -> ProbeResult? {
        let body = head.isChunked ? HTTPHead.withoutChunks(received) : received
        if body.contains(subsequence: Array(text.utf8)) {
            return .good("ok: status \(head.status)")
        }
        guard let length = head.length, received.count >= length else { return nil }
        return .bad("body has no \(ProbeText.quoted(text))")
    }

    private static func mayBeHTTP(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: Array("HTTP/1.".utf8).prefix(bytes.count))
    }
}

/// What an HTTP answer begins with (RFC 9112).
struct HTTPHead: Equatable, Sendable {
    var status: Int
    /// Of the body; nil when the header does not say.
    var length: Int?
    var isChunked = false

    /// The head that stands at the front, and its length; nil when it is incomplete or malformed.
    /// Lines may end with LF alone (RFC 9112 2.2).
    static func parse(_ bytes: [UInt8]) -> (length: Int, head: HTTPHead)? {
        var lines: [String] = []
        var start = bytes.startIndex
        while true {
            guard let end = bytes[start...].firstIndex(of: 0x0A) else { return nil }
            let line = bytes[start..<end]
            start = end + 1
            let text = line.last == 0x0D ? line.dropLast() : line
            if text.isEmpty { break }
            lines.append(String(decoding: text, as: UTF8.self))
        }
        let words = lines.first?.split(separator: " ", maxSplits: 2) ?? []
        guard words.count >= 2, words[1].utf8.count == 3, let status = Int(words[1]) else {
            return (start, HTTPHead(status: 0))
        }
        var head = HTTPHead(status: status)
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let value = parts[1].drop { $0 == " " || $0 == "\t" }.lowercased()
            switch parts[0].lowercased() {
            case "content-length": head.length = Int(value)
            case "transfer-encoding": head.isChunked = value.contains("chunked")
            default: break
            }
        }
        if head.isChunked { head.length = nil }
        return (start, head)
    }

    /// The chunks' contents joined, as far as they have come.
    static func withoutChunks(_ bytes: [UInt8]) -> [UInt8] {
        var body: [UInt8] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 0x0A) {
            let line = String(decoding: rest[..<end], as: UTF8.self)
            let digits = line.prefix { $0.isHexDigit }
            guard let size = Int(digits, radix: 16), size > 0 else { break }
            rest = rest[(end + 1)...]
            body += rest.prefix(size)
            rest = rest.dropFirst(size)
            // Behind a chunk stands the end of a line.
            guard let end = rest.firstIndex(of: 0x0A) else { break }
            rest = rest[(end + 1)...]
        }
        return body
    }
}

extension [ClosedRange<Int>] {
    /// `200, 301-302`.
    fileprivate var words: String {
        map {
            $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
        }.joined(separator: ", ")
    }
}

extension [UInt8] {
    fileprivate func firstIndex(ofSubsequence part: [UInt8]) -> Int? {
        guard !part.isEmpty, count >= part.count else { return nil }
        return (0...count - part.count).first { start in
            self[start] == part[0] && self[start..<start + part.count].elementsEqual(part)
        }
    }

    fileprivate func contains(subsequence part: [UInt8]) -> Bool {
        firstIndex(ofSubsequence: part) != nil
    }
}
