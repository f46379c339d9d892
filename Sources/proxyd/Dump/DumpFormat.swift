internal import Shared

/// How a dump is written.
enum DumpFormat: String, Sendable, CaseIterable {
    /// What is printable as it is, the rest as `\XX`: the format of balance's `-p`.
    case text
    /// Sixteen bytes a line.
    case hex
    /// Packets, for Wireshark and its kin; in Base64, as the protocol's lines are text.
    case pcapng
}

/// Turns records into the lines of a reply, in one of the formats.
enum DumpWriter {
    case text(TextDump)
    case hex(HexDump)
    case pcapng(PcapngDump)

    init(_ format: DumpFormat, wallOffset: UInt64) {
        switch format {
        case .text: self = .text(TextDump())
        case .hex: self = .hex(HexDump())
        case .pcapng: self = .pcapng(PcapngDump(wallOffset: wallOffset))
        }
    }

    /// What stands before everything else.
    var opening: [String] {
        switch self {
        case .text, .hex: []
        case .pcapng(let dump): [Base64.text(dump.opening)]
        }
    }

    mutating func write(_ record: TapRecord, into lines: inout [String]) {
        switch self {
        case .text(var dump):
            dump.write(record, into: &lines)
            self = .text(dump)
        case .hex(var dump):
            dump.write(record, into: &lines)
            self = .hex(dump)
        case .pcapng(var dump):
            // Not for a moment two owners of its sessions, which would have them copied.
            self = .text(TextDump())
            for block in dump.blocks(for: record) { lines.append(Base64.text(block)) }
            self = .pcapng(dump)
        }
    }
}
