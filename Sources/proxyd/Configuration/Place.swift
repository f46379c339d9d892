/// Where something stands in what the user wrote.
struct Place: Hashable, Sendable {
    /// `proxyd.yaml:12:7`, or the option: `-l`.
    let text: String
    /// Line and column, or the position among the arguments: mistakes are reported in this order.
    private let major: Int
    private let minor: Int

    init(file: String, line: Int, column: Int) {
        text = "\(file):\(line):\(column)"
        (major, minor) = (line, column)
    }

    init(argument: String, position: Int) {
        text = argument
        (major, minor) = (position, 0)
    }

    /// A thing of the running configuration: `mail/main/2`.
    init(path: String) {
        text = path.isEmpty ? "the configuration" : path
        (major, minor) = (0, 0)
    }

    func isBefore(_ other: Place) -> Bool { (major, minor) < (other.major, other.minor) }
}

/// A value and where it was written.
struct Placed<Value> {
    var value: Value
    var place: Place

    init(_ value: Value, at place: Place) {
        self.value = value
        self.place = place
    }
}
