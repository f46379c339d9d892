internal import Glibc
internal import Shared

/// What `proxyd ctl dump` does with the replies: text as it comes, and packets as the file that they are.
struct DumpOutput {
    private let isFile: Bool

    /// Nil: this command is not a dump, or its replies are wanted as they are.
    init?(_ words: [String], _ format: ReplyFormat) {
        guard words.first == "dump", format == .people else { return nil }
        isFile = words.dropFirst().contains(DumpFormat.pcapng.rawValue)
    }

    /// A screen can do nothing with packets, and might do anything.
    func check() throws(ControlFailure) {
        guard isFile, isatty(STDOUT_FILENO) == 1 else { return }
        throw .usage(
            "packets are not for a terminal; write “proxyd ctl dump … pcapng > FILE” or “| tshark -r -”"
        )
    }

    /// Writes what a reply brings; false when nothing more is to come, or the output is closed.
    func write(_ lines: [String], _ attributes: [Reply.Attribute]) throws(ControlFailure) -> Bool {
        var bytes: [UInt8] = []
        for line in lines {
            if isFile {
                guard let part = Base64.bytes(line) else {
                    throw .malformed(String(line.prefix(80)))
                }
                bytes += part
            } else {
                bytes += line.utf8
                bytes.append(0x0A)
            }
        }
        guard Self.write(bytes) else { return false }
        guard let end = attributes["end"] else { return true }
        let shown = attributes["shown_bytes"] ?? "?"
        let missed = attributes["missed_bytes"] ?? "?"
        StandardError.write("proxyd: end: \(end), \(shown) bytes shown, \(missed) not shown\n")
        return false
    }

    /// False when the output is closed.
    private static func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
