/// What is wrong with one value and how to mend it. The reader of the value adds the place.
struct ValueError: Error, Equatable {
    var problem: String
    var remedy: String

    init(_ problem: String, _ remedy: String) {
        self.problem = problem
        self.remedy = remedy
    }

    /// The name of a value that has none of its own: an option's, which stands in front of the message.
    static let unnamed = "the value"

    /// `“grace”: invalid duration “soon”`.
    init(invalid kind: String, _ text: some StringProtocol, _ name: String, _ remedy: String) {
        self.init("\(name == Self.unnamed ? "" : "\(name): ")invalid \(kind) “\(text)”", remedy)
    }
}
