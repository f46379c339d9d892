/// Makes a TLS client's first message.
enum HelloBytes {
    /// In records of so many bytes at most; `padding` makes it larger, as keys of other times do.
    static func make(
        serverName: String? = nil, alpn: [String] = [], padding: Int = 0, recordSize: Int = 16_384
    ) -> [UInt8] {
        var extensions: [UInt8] = []
        if padding > 0 {
            extensions += number(51, 2) + vector(Array(repeating: 7, count: padding), 2)
        }
        if let serverName {
            let entry = [0] + vector(Array(serverName.utf8), 2)
            extensions += number(0, 2) + vector(vector(entry, 2), 2)
        }
        if !alpn.isEmpty {
            let names = alpn.flatMap { vector(Array($0.utf8), 1) }
            extensions += number(16, 2) + vector(vector(names, 2), 2)
        }
        let body =
            [3, 3] + Array(repeating: 9, count: 32) + vector(Array(repeating: 1, count: 32), 1)
            + vector([0x13, 1, 0x13, 2], 2) + vector([0], 1) + vector(extensions, 2)
        return records([1] + vector(body, 3), recordSize)
    }

    static func records(_ message: [UInt8], _ size: Int) -> [UInt8] {
        stride(from: 0, to: message.count, by: size).flatMap { start in
            let part = Array(message[start..<min(start + size, message.count)])
            return [0x16, 3, 1] + vector(part, 2)
        }
    }

    static func vector(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
        number(bytes.count, count) + bytes
    }

    static func number(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
    }
}
