/// Traffic in hexadecimal, sixteen bytes a line behind their offset in the direction's stream, as
/// `hexdump -C` prints files.
struct HexDump {
    private var note = DumpNote()
    /// Where each direction of each session is.
    private var places: [UInt64: Place] = [:]

    private struct Place {
        var client: UInt64 = 0
        var channel: UInt64 = 0

        subscript(side: Side) -> UInt64 {
            get { side == .client ? client : channel }
            set { if side == .client { client = newValue } else { channel = newValue } }
        }
    }

    mutating func write(_ record: TapRecord, into lines: inout [String]) {
        lines += note.lines(for: record)
        switch record.event {
        case .began(let facts):
            places[record.id] = Place(client: facts.inBytes, channel: facts.outBytes)
        case .moved(let side, let bytes):
            lines.append(TextDump.head(side, bytes.count))
            let start = places[record.id, default: Place()][side]
            for first in stride(from: 0, to: bytes.count, by: Self.width) {
                let row = bytes[first..<min(first + Self.width, bytes.count)]
                lines.append(Self.line(row, at: start &+ UInt64(first)))
            }
            places[record.id, default: Place()][side] &+= UInt64(bytes.count)
        case .gap(let side, let count, _):
            places[record.id, default: Place()][side] &+= count
        case .ended(let side):
            lines.append(TextDump.head(side, 0))
        case .closed:
            places[record.id] = nil
        }
    }

    static let width = 16

    /// `00000010  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|`.
    static func line(_ row: ArraySlice<UInt8>, at offset: UInt64) -> String {
        var line: [UInt8] = []
        line.reserveCapacity(80)
        var shift = offset >> 32 == 0 ? 28 : 60
        while shift >= 0 {
            line.append(digits[Int(offset >> UInt64(shift) & 15)])
            shift -= 4
        }
        line.append(space)
        for index in 0..<width {
            line.append(space)
            if index == width / 2 { line.append(space) }
            guard index < row.count else {
                line += [space, space]
                continue
            }
            let byte = row[row.startIndex + index]
            line += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        line += [space, space, bar]
        for byte in row { line.append((0x20...0x7E).contains(byte) ? byte : dot) }
        line.append(bar)
        return String(decoding: line, as: UTF8.self)
    }

    private static let space = UInt8(ascii: " ")
    private static let bar = UInt8(ascii: "|")
    private static let dot = UInt8(ascii: ".")
    private static let digits = Array("0123456789abcdef".utf8)
}
