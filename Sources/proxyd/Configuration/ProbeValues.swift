internal import Shared

// Values that only probes have.

extension ValueReader {
    static let mostProbeBytes = 4096

    /// A text with `\r`, `\n`, `\t`, `\0`, `\\` and `\xHH`, or `hex:` and pairs of digits.
    static func bytes(_ text: String, as name: String) throws(ValueError) -> [UInt8] {
        let bytes =
            try text.hasPrefix("hex:")
            ? hexBytes(text.dropFirst(4), as: name) : escapedBytes(text, as: name)
        guard (1...mostProbeBytes).contains(bytes.count) else {
            throw ValueError(
                "\(name) has \(bytes.count) bytes", "write 1 to \(mostProbeBytes) bytes")
        }
        return bytes
    }

    /// What a step sends: it may be a password.
    static func sentBytes(_ text: String, as name: String) throws(ValueError) -> Secret<[UInt8]> {
        guard text != HiddenText.word else {
            throw ValueError(
                "\(name) is \(text), which stands for a text that was not shown",
                "write the text itself")
        }
        return Secret(try bytes(text, as: name))
    }

    /// What `bytes` reads, or `regex:` and a regular expression.
    static func expectation(_ text: String, as name: String) throws(ValueError) -> ProbeStep {
        if text.hasPrefix("regex:") {
            let pattern = String(text.dropFirst(6))
            _ = try PreparedRegex(pattern)
            return .regex(pattern)
        }
        let bytes = try bytes(text, as: name)
        return text.hasPrefix("hex:") ? .bytes(bytes) : .text(bytes)
    }

    private static func hexBytes(
        _ text: Substring, as name: String
    ) throws(ValueError) -> [UInt8] {
        let digits = text.utf8.filter { $0 != 0x20 }
        let values = digits.compactMap { UInt8(String(Unicode.Scalar($0)), radix: 16) }
        guard values.count == digits.count, values.count % 2 == 0 else {
            throw ValueError(
                invalid: "hexadecimal digits", "hex:\(text)", name,
                "write it as in hex:0d0a")
        }
        return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    }

    private static func escapedBytes(
        _ text: String, as name: String
    ) throws(ValueError) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "0"): bytes.append(0)
            case UInt8(ascii: "\\"): bytes.append(0x5C)
            case UInt8(ascii: "x"):
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else {
                    throw escapeError(name)
                }
                rest = rest.dropFirst(2)
                bytes.append(value)
            default: throw escapeError(name)
            }
        }
        return bytes
    }

    private static func escapeError(_ name: String) -> ValueError {
        ValueError(
            "\(name) has an escape that is unknown", "use \\r, \\n, \\t, \\0, \\\\ or \\xHH")
    }

    /// `200`, `200-399`, or several of them with commas between.
    static func statuses(
        _ text: String, as name: String
    ) throws(ValueError) -> [ClosedRange<Int>] {
        let mistake = ValueError(
            invalid: "HTTP status", text, name,
            "write 200, 200-399 or 200,301-302")
        var ranges: [ClosedRange<Int>] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map {
                Int(String($0).filter { $0 != " " })
            }
            guard (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1],
                low >= 100, high <= 599, low <= high
            else { throw mistake }
            ranges.append(low...high)
        }
        return ranges
    }

    /// What stands on a request's first line, so nothing may end it.
    static func httpPath(_ text: String, as name: String) throws(ValueError) -> RequestPath {
        guard text.hasPrefix("/"), isVisible(text) else {
            throw ValueError(
                invalid: "path", text.prefix(60), name, "begin it with “/”, and write spaces as %20"
            )
        }
        return RequestPath(text)
    }

    /// A word without spaces that may stand in a header.
    static func headerWord(_ text: String, as name: String) throws(ValueError) -> String {
        guard isVisible(text), text.utf8.count <= 63 || name == "“host”" else {
            throw ValueError("\(name) is empty, too long or has spaces", "write one word")
        }
        return text
    }

    static func bodyText(_ text: String, as name: String) throws(ValueError) -> String {
        guard (1...mostProbeBytes).contains(text.utf8.count) else {
            throw ValueError(
                "\(name) is empty or too long", "write 1 to \(mostProbeBytes) bytes of text")
        }
        return text
    }

    /// A program, by its whole path: there is no shell that would look for it.
    static func program(_ text: String, as name: String) throws(ValueError) -> String {
        try wholePath(text, as: name, remedy: "begin it with “/”; it has no arguments")
    }

    private static func isVisible(_ text: String) -> Bool {
        (1...1024).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}

extension EndpointReader {
    /// Where a probe goes instead of its channel; port 0 where none is named.
    static func probe(_ text: String) throws(ValueError) -> Endpoint {
        let text = try withZone(text)
        do throws(Endpoint.ParseError) {
            return try Endpoint(text, defaultPort: 0)
        } catch {
            throw ValueError(
                error.description, "write it as 10.0.0.1, 10.0.0.1:80, host:80 or unix:/path")
        }
    }
}
