internal import Shared

/// balance's `-p`: what goes by, readable.
struct BalanceTranscript: Transcript {
    /// Printed bytes after which a line is broken.
    private static let width = 80
    /// What the original reads at once, at most.
    private static let mostBytes = 32_768

    func bytes(of count: Int, isFromClient: Bool) -> String {
        "\(isFromClient ? "->" : "-<") \(count)\n"
    }

    func text(of bytes: [UInt8], isFromClient: Bool) -> [UInt8] {
        stride(from: 0, to: bytes.count, by: Self.mostBytes).flatMap { start in
            record(of: bytes[start..<min(start + Self.mostBytes, bytes.count)], isFromClient)
        }
    }

    private func record(of bytes: ArraySlice<UInt8>, _ isFromClient: Bool) -> [UInt8] {
        var text = Array(self.bytes(of: bytes.count, isFromClient: isFromClient).utf8)
        var column = 0
        for byte in bytes {
            if byte == UInt8(ascii: "\\") {
                text += [byte, byte]
                column += 2
            } else if (0x20...0x7E).contains(byte) {
                text.append(byte)
                column += 1
            } else {
                text += [UInt8(ascii: "\\"), Self.hex[Int(byte >> 4)], Self.hex[Int(byte & 15)]]
                column += 3
                if byte == 0x0A {
                    text.append(0x0A)
                    column = 0
                }
            }
            if column > Self.width {
                text.append(0x0A)
                column = 0
            }
        }
        text.append(0x0A)
        return text
    }

    /// The end shows as no bytes, and an error as fewer than none.
    func end(isFromClient: Bool, isError: Bool) -> [UInt8] {
        Array((bytes(of: isError ? -1 : 0, isFromClient: isFromClient) + "\n").utf8)
    }

    private static let hex = Array("0123456789ABCDEF".utf8)
}
