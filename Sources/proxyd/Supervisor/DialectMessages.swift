/// Another program's words for what happens: lines for standard error, in front of which nothing stands.
protocol DialectMessages: Sendable {
    /// Whether an event is logged in its words only.
    func replaces(_ event: Event) -> Bool
    func lines(about event: Event) -> [String]
    func lines(about step: ElectionStep) -> [String]
    /// A channel that waits for a person from now on.
    func lines(switchedOff path: String, at address: String) -> [String]
    /// A session that was ended because nothing had moved for so long.
    func lines(idleFor time: Duration) -> [String]
    /// Why the daemon does not start; our own words follow.
    func lines(about error: StartError) -> [String]
}

extension DialectMessages {
    func replaces(_ event: Event) -> Bool { false }
    func lines(about event: Event) -> [String] { [] }
    func lines(about step: ElectionStep) -> [String] { [] }
    func lines(switchedOff path: String, at address: String) -> [String] { [] }
    func lines(idleFor time: Duration) -> [String] { [] }
    func lines(about error: StartError) -> [String] { [] }
}
