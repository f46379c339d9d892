/// Values under numbers, as one process hands them to another that may know more or fewer of them.
///
/// A field is its number (2 bytes), its length (4 bytes) and its bytes, all little-endian. What a reader does
/// not know it passes over, and what a writer did not know is missing; a number is never given another meaning.
struct HandoverFields: Equatable, Sendable {
    private(set) var bytes: [UInt8] = []

    mutating func put(_ tag: some HandoverTag, _ value: some Collection<UInt8>) {
        bytes.append(little: tag.rawValue)
        bytes.append(little: UInt32(value.count))
        bytes.append(contentsOf: value)
    }

    /// Zero is what a missing number is read as, so it is left out.
    mutating func put(_ tag: some HandoverTag, _ value: UInt64) {
        guard value != 0 else { return }
        bytes.append(little: tag.rawValue)
        bytes.append(little: UInt32(8))
        bytes.append(little: value)
    }

    mutating func put(_ tag: some HandoverTag, _ value: Int) {
        put(tag, UInt64(bitPattern: Int64(value)))
    }

    mutating func put(_ tag: some HandoverTag, _ value: Bool) { put(tag, value ? 1 : UInt64(0)) }

    mutating func put(_ tag: some HandoverTag, _ value: Instant) { put(tag, value.nanoseconds) }

    /// A missing text is nil; an empty one is not.
    mutating func put(_ tag: some HandoverTag, _ value: String?) {
        if let value { put(tag, value.utf8) }
    }

    mutating func put(_ tag: some HandoverTag, _ values: [UInt64]) {
        guard !values.isEmpty else { return }
        var list: [UInt8] = []
        list.reserveCapacity(8 * values.count)
        for value in values { list.append(little: value) }
        put(tag, list)
    }

    mutating func put(_ tag: some HandoverTag, _ fields: HandoverFields) { put(tag, fields.bytes) }
}

/// The numbers of one kind of record's fields.
protocol HandoverTag: RawRepresentable, Sendable where RawValue == UInt16 {}

/// What another process has handed over; whatever it says is judged, as it may be of any version.
struct HandoverRecord: Sendable {
    private let bytes: ArraySlice<UInt8>
    private var fields: [(tag: UInt16, range: Range<Int>)] = []

    /// Fails when the fields do not fill the bytes exactly.
    init(_ bytes: ArraySlice<UInt8>) throws(HandoverError) {
        self.bytes = bytes
        var place = bytes.startIndex
        while place < bytes.endIndex {
            guard bytes.endIndex - place >= 6 else { throw .malformed("a field has no head") }
            let tag: UInt16 = bytes.little(at: place)
            let length = Int(bytes.little(at: place + 2) as UInt32)
            place += 6
            guard bytes.endIndex - place >= length else {
                throw .malformed("field \(tag) is longer than what holds it")
            }
            fields.append((tag, place..<place + length))
            place += length
        }
    }

    func bytes(_ tag: some HandoverTag) -> ArraySlice<UInt8>? {
        fields.first { $0.tag == tag.rawValue }.map { bytes[$0.range] }
    }

    /// Every field of that number.
    func all(_ tag: some HandoverTag) -> [ArraySlice<UInt8>] {
        fields.filter { $0.tag == tag.rawValue }.map { bytes[$0.range] }
    }

    func number(_ tag: some HandoverTag) -> UInt64 {
        guard let field = bytes(tag), field.count == 8 else { return 0 }
        return field.little(at: field.startIndex)
    }

    func integer(_ tag: some HandoverTag) -> Int { Int(Int64(bitPattern: number(tag))) }

    func flag(_ tag: some HandoverTag) -> Bool { number(tag) != 0 }

    func instant(_ tag: some HandoverTag) -> Instant { Instant(nanoseconds: number(tag)) }

    func text(_ tag: some HandoverTag) -> String? {
        bytes(tag).map { String(decoding: $0, as: UTF8.self) }
    }

    func numbers(_ tag: some HandoverTag) -> [UInt64] {
        guard let field = bytes(tag) else { return [] }
        return stride(from: field.startIndex, to: field.endIndex - 7, by: 8).map {
            field.little(at: $0)
        }
    }

    func record(_ tag: some HandoverTag) throws(HandoverError) -> HandoverRecord? {
        guard let field = bytes(tag) else { return nil }
        return try HandoverRecord(field)
    }

    func records(_ tag: some HandoverTag) throws(HandoverError) -> [HandoverRecord] {
        try all(tag).map { field throws(HandoverError) in try HandoverRecord(field) }
    }
}

/// Why a hand-over cannot go on.
enum HandoverError: Error, Equatable {
    case malformed(String)
    /// The two programs do not understand each other.
    case incompatible(String)
    /// The other process has closed the connection or ended.
    case closed
    /// It does nothing any more.
    case silent
    case system(SystemError)
    /// It says why it cannot.
    case refused(String)

    var words: String {
        switch self {
        case .malformed(let what): "what it hands over makes no sense: \(what)"
        case .incompatible(let what): what
        case .closed: "it has closed the connection"
        case .silent: "it does not answer"
        case .system(let error): "\(error)"
        case .refused(let why): why
        }
    }
}

extension [UInt8] {
    mutating func append(little value: some FixedWidthInteger & UnsignedInteger) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}

extension ArraySlice<UInt8> {
    /// The bytes have to be there.
    func little<Number: FixedWidthInteger & UnsignedInteger>(at place: Int) -> Number {
        var value: Number = 0
        for index in 0..<Number.bitWidth / 8 { value |= Number(self[place + index]) << (8 * index) }
        return value
    }
}
