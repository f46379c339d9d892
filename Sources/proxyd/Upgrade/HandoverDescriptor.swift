internal import Shared

/// A descriptor that is not a session's, and what it is for.
struct HandoverDescriptor: Sendable {
    enum Role: UInt64, Sendable {
        /// Of a service; without a descriptor it refuses clients at this time.
        case listener = 1
        case control, metrics
        /// Passed by a service manager, and not used at this time.
        case spare
        case pidFile
        /// Where the service manager wants to hear of us.
        case notices
        /// Tells the process that stays where the daemon was started which process it is now.
        case pidPipe
        /// The lock beside the control socket (`SocketLock`).
        case controlLock
    }

    var role: Role
    /// A listener's path.
    var owner = ""
    /// As the configuration has it, and as it is.
    var asked: Endpoint?
    var bound: Endpoint?
    /// Its place in the file system, if that is ours to take away.
    var file: String?
    /// A service manager has its own hold of it.
    var isKept = false
    /// What the service manager calls it.
    var name = ""
    var number: CInt?

    init(_ role: Role) { self.role = role }

    private enum Tag: UInt16, HandoverTag {
        case role = 1
        case owner, asked, bound, file, isKept, name
    }

    var frame: HandoverFrame {
        var fields = HandoverFields()
        fields.put(Tag.role, role.rawValue)
        fields.put(Tag.owner, owner)
        fields.put(Tag.asked, asked.map { "\($0)" })
        fields.put(Tag.bound, bound.map { "\($0)" })
        fields.put(Tag.file, file)
        fields.put(Tag.isKept, isKept)
        fields.put(Tag.name, name)
        return HandoverFrame(
            kind: .descriptor, fields: fields, descriptors: number.map { [$0] } ?? [])
    }

    /// nil for what a later version hands over; its descriptor is closed then.
    init?(_ arrival: HandoverArrival) {
        let record = arrival.record
        guard let role = Role(rawValue: record.number(Tag.role)) else {
            arrival.closeDescriptors()
            return nil
        }
        self.role = role
        owner = record.text(Tag.owner) ?? ""
        asked = record.text(Tag.asked).map { Endpoint(handed: $0) }
        bound = record.text(Tag.bound).map { Endpoint(handed: $0) }
        file = record.text(Tag.file)
        isKept = record.flag(Tag.isKept)
        name = record.text(Tag.name) ?? ""
        number = arrival.descriptors.first
    }
}

extension HandoverArrival {
    func closeDescriptors() {
        for descriptor in descriptors { _ = FileDescriptor(owning: descriptor) }
    }
}
