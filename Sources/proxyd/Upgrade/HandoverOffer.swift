internal import Shared

/// What the old process offers before anything is decided: enough to open and to check everything.
struct HandoverOffer: Sendable {
    /// Of the old process.
    var revision: HandoverRevision
    var process: Int32 = 0
    /// Of the daemon's life, which goes on.
    var epoch: UInt64 = 0
    var started = Instant.zero
    /// How often it has been upgraded before.
    var upgrades = 0
    /// What runs there, as a file.
    var configuration = ""
    /// The file is as the old process read it: what runs there runs on, with every
    /// change that was made live.
    var isFileUnchanged = false
    /// It has given up its privileges, and ours with them.
    var hasGivenUpPrivileges = false
    /// It keeps a state file that is its own.
    var keepsState = false
    /// How often its service manager wants to hear that we live, in nanoseconds; 0: never.
    var watchdog: UInt64 = 0
    var descriptors: [HandoverDescriptor] = []
    var serials: [String: UInt64] = [:]
    var lastSerial: UInt64 = 0
    /// Of names.
    var addresses: [Endpoint: [Endpoint]] = [:]

    init(revision: HandoverRevision) { self.revision = revision }

    private enum Tag: UInt16, HandoverTag {
        case revision = 1
        case process, epoch, started, upgrades, isFileUnchanged, hasGivenUpPrivileges, watchdog
        case lastSerial, keepsState
    }

    private enum TextTag: UInt16, HandoverTag { case part = 1 }

    private static let partSize = 48 * 1024

    mutating func add(_ role: HandoverDescriptor.Role, _ number: CInt) {
        var descriptor = HandoverDescriptor(role)
        descriptor.number = number
        descriptors.append(descriptor)
    }

    // MARK: Offering

    func frames(things: [SerialRecord]) -> [HandoverFrame] {
        var fields = HandoverFields()
        fields.put(Tag.revision, revision.fields)
        fields.put(Tag.process, Int(process))
        fields.put(Tag.epoch, epoch)
        fields.put(Tag.started, started)
        fields.put(Tag.upgrades, upgrades)
        fields.put(Tag.isFileUnchanged, isFileUnchanged)
        fields.put(Tag.hasGivenUpPrivileges, hasGivenUpPrivileges)
        fields.put(Tag.watchdog, watchdog)
        fields.put(Tag.lastSerial, lastSerial)
        fields.put(Tag.keepsState, keepsState)
        var frames = [HandoverFrame(kind: .offer, fields: fields)]
        var rest = Array(configuration.utf8)[...]
        while !rest.isEmpty {
            var part = HandoverFields()
            part.put(TextTag.part, rest.prefix(Self.partSize))
            frames.append(HandoverFrame(kind: .configuration, fields: part))
            rest = rest.dropFirst(Self.partSize)
        }
        frames += descriptors.map(\.frame)
        frames += SerialRecord.frames(things)
        frames.append(HandoverFrame(kind: .offerEnd))
        return frames
    }

    // MARK: Taking up

    /// Reads until the offer is whole.
    static func read(
        from connection: HandoverConnection, until due: Instant
    ) throws(HandoverError) -> HandoverOffer {
        var offer: HandoverOffer?
        var text: [UInt8] = []
        while true {
            let arrival = try connection.receive(until: due)
            switch arrival.kind {
            case .offer:
                offer = try HandoverOffer(arrival.record)
            case .configuration:
                text += arrival.record.bytes(TextTag.part) ?? []
            case .descriptor:
                if let descriptor = HandoverDescriptor(arrival) {
                    offer?.descriptors.append(descriptor)
                }
            case .thing:
                for thing in try SerialRecord.all(in: arrival.record) { offer?.add(thing) }
            case .offerEnd:
                offer?.configuration = String(decoding: text, as: UTF8.self)
                guard let offer else { throw .malformed("it offers nothing") }
                return offer
            default:
                arrival.closeDescriptors()
            }
        }
    }

    private init(_ record: HandoverRecord) throws(HandoverError) {
        guard let fields = try record.record(Tag.revision) else {
            throw .malformed("it does not say of which revision it is")
        }
        revision = try HandoverRevision(fields)
        process = Int32(truncatingIfNeeded: record.integer(Tag.process))
        epoch = record.number(Tag.epoch)
        started = record.instant(Tag.started)
        upgrades = record.integer(Tag.upgrades)
        isFileUnchanged = record.flag(Tag.isFileUnchanged)
        hasGivenUpPrivileges = record.flag(Tag.hasGivenUpPrivileges)
        watchdog = record.number(Tag.watchdog)
        lastSerial = record.number(Tag.lastSerial)
        keepsState = record.flag(Tag.keepsState)
        if let mismatch = HandoverRevision.own.mismatch(takingOverFrom: revision) {
            throw .incompatible(mismatch)
        }
    }

    private mutating func add(_ thing: SerialRecord) {
        serials[thing.key] = thing.serial
        if let name = thing.name, !thing.addresses.isEmpty { addresses[name] = thing.addresses }
    }

    func first(_ role: HandoverDescriptor.Role) -> HandoverDescriptor? {
        descriptors.first { $0.role == role }
    }
}
