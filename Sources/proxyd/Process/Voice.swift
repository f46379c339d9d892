/// Another program's words for what happens: lines for standard error, in front of which nothing stands.
protocol Voice: Sendable {
    /// Events that are told in its words only.
    var replaced: Set<Event.Kind> { get }
    func lines(about event: Event) -> [String]
    func lines(about step: ElectionStep) -> [String]
}

extension Voice {
    var replaced: Set<Event.Kind> { [] }
    func lines(about event: Event) -> [String] { [] }
    func lines(about step: ElectionStep) -> [String] { [] }
}
