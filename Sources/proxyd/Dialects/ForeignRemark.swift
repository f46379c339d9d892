/// What of a foreign file means something else here, or nothing, and where it stands.
struct ForeignRemark: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        /// It is honoured in another way.
        case differs
        /// It has no effect here.
        case ignored
        /// It is likely to be a mistake.
        case suspicious
    }

    var kind: Kind
    /// `FILE:LINE`; nil: the file as a whole.
    var place: String?
    var text: String

    init(_ kind: Kind, at place: String? = nil, _ text: String) {
        self.kind = kind
        self.place = place
        self.text = text
    }

    /// As it is printed, and as a comment has it.
    var line: String { (place.map { "\($0): " } ?? "") + text }
}

extension DialectNote {
    init(_ remark: ForeignRemark) { self.init(remark.place ?? "in general", remark.text) }
}
