/// One packet of a hand-over: a kind, fields, and descriptors beside them.
struct HandoverFrame: Sendable {
    /// What a packet is about. A kind that a reader does not know is passed over.
    enum Kind: UInt16, Sendable {
        // From the new process.
        /// It runs, and says what it understands.
        case present = 1
        /// Everything is opened and checked: the old one may stop.
        case prepared
        /// It cannot, and says why.
        case refused
        /// It has got everything, and moves nothing yet.
        case taken
        /// It serves.
        case running

        // From the old one, before anything is decided.
        case offer = 32
        /// A part of a text.
        case configuration
        /// A descriptor that is not a session's.
        case descriptor
        case thing
        case offerEnd

        // When its workers stand still.
        case state = 64
        case channel
        case listener
        case group
        case departed
        case heldBytes
        case session
        case client
        case expiringSessions
        case shedding
        case stateEnd
        /// From here on everything is the new one's.
        case go

        // Afterwards, as there is time.
        case events = 128
        case history
        case farewell
    }

    var kind: Kind
    var fields = HandoverFields()
    /// The sender keeps them; the receiver has to close them.
    var descriptors: [CInt] = []

    /// A packet begins with its kind.
    var packet: [UInt8] {
        var packet: [UInt8] = []
        packet.reserveCapacity(2 + fields.bytes.count)
        packet.append(little: kind.rawValue)
        packet += fields.bytes
        return packet
    }

    /// Room for the fields of one packet.
    static let longestFields = 64 * 1024 + 8 * 1024
}

/// A packet that has come.
struct HandoverArrival: Sendable {
    /// nil: a kind that a later version has.
    var kind: HandoverFrame.Kind?
    var record: HandoverRecord
    /// The owner of this value has to close them.
    var descriptors: [CInt]

    init(packet: [UInt8], descriptors: [CInt]) throws(HandoverError) {
        guard packet.count >= 2 else { throw .malformed("a packet has no kind") }
        kind = HandoverFrame.Kind(rawValue: packet[...].little(at: 0))
        record = try HandoverRecord(packet[2...])
        self.descriptors = descriptors
    }
}
