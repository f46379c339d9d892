/// A mistake in what the user wrote: where it is, what it is, and how to mend it.
struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// `proxyd.yaml:12:7`, or the option: `-l`.
    var location: String
    var problem: String
    var remedy: String?

    var description: String {
        "\(location): \(problem)" + (remedy.map { "; \($0)" } ?? "")
    }
}
