internal import Shared

/// Lines of a log as they will be written, and how far they have been.
struct LineBuffer {
    private(set) var bytes: [UInt8] = []
    /// Where each line ends.
    private var ends: [Int] = []
    private var written = 0
    private var linesWritten = 0
    private var textStart = 0
    var dress: LogFraming
    var clock: LogClock

    /// Bytes of a line's text. With what is around it a line fits into `PIPE_BUF`, so that a pipe with room
    /// takes it whole (pipe(7)).
    static let longestText = 3800

    init(_ dress: LogFraming, clock: LogClock = LogClock()) {
        self.dress = dress
        self.clock = clock
    }

    var isEmpty: Bool { written == bytes.count }
    var lineCount: Int { ends.count - linesWritten }

    // MARK: Filling

    /// At a terminal nothing stands in front of `isVerbatim` text.
    mutating func begin(
        _ severity: EventSnapshot.Severity, at instant: Instant, isVerbatim: Bool = false
    ) {
        let dress = isVerbatim && dress.isNamed ? .bare : dress
        dress.begin(severity, at: instant, clock: &clock, into: &bytes)
        textStart = bytes.count
    }

    mutating func end() {
        if bytes.count - textStart > Self.longestText {
            bytes.removeLast(bytes.count - textStart - Self.longestText)
        }
        if case .syslog = dress {} else { bytes.append(UInt8(ascii: "\n")) }
        ends.append(bytes.count)
    }

    mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func append(_ number: UInt64) { bytes.append(digits: number) }

    /// A text that others may have had a hand in: no line, field or quote can come out of it.
    mutating func append(escaping text: String) {
        for byte in text.utf8 {
            if (0x21...0x7E).contains(byte), byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\")
            {
                bytes.append(byte)
            } else {
                bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "x")])
                bytes.append(Self.hex[Int(byte >> 4)])
                bytes.append(Self.hex[Int(byte & 15)])
            }
        }
    }

    /// A text between quotes, for JSON (RFC 8259).
    mutating func append(quoting text: String) { JSONString.append(text, to: &bytes) }

    /// An address without its port; most are IPv4, and need no text made for them.
    mutating func append(_ address: IPAddress) {
        guard case .v4(let number) = address else { return append(address.description) }
        for shift in [24, 16, 8, 0] as [UInt32] {
            bytes.append(digits: UInt64(number >> shift & 255))
            if shift > 0 { bytes.append(UInt8(ascii: ".")) }
        }
    }

    /// A text for people: what would forge a line, or speak to a terminal, is a question mark.
    mutating func append(cleaning text: String) {
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case _ where PlainText.isUnsafe(scalar): bytes.append(UInt8(ascii: "?"))
            case ..<0x80: bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            default: bytes.append(contentsOf: String(scalar).utf8)
            }
        }
    }

    private static let hex = Array("0123456789abcdef".utf8)

    mutating func append(time instant: Instant) { clock.appendBracketed(instant, to: &bytes) }

    mutating func append(date instant: Instant) { clock.appendDate(instant, to: &bytes) }

    // MARK: Emptying

    /// The bytes that are still to be written: of one line when each goes by itself.
    var due: ArraySlice<UInt8> {
        guard dress.isDatagram, linesWritten < ends.count else { return bytes[written...] }
        return bytes[written..<ends[linesWritten]]
    }

    /// So many bytes have gone; returns how many lines that has ended.
    mutating func advance(by count: Int) -> Int {
        written += count
        var ended = 0
        while linesWritten < ends.count, ends[linesWritten] <= written {
            linesWritten += 1
            ended += 1
        }
        if isEmpty { clear() }
        return ended
    }

    /// A line of which a part has gone is written again as a whole: it goes somewhere else now.
    mutating func startLineAgain() {
        written = linesWritten > 0 ? ends[linesWritten - 1] : 0
    }

    /// Forgets everything, and says how many lines that were.
    @discardableResult
    mutating func clear() -> Int {
        let lost = lineCount
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        (written, linesWritten) = (0, 0)
        return lost
    }
}
