/// balance's messages.
struct BalanceMessages: DialectMessages {
    /// In front of people it says no more than the original does.
    var isTerse = false

    func replaces(_ event: Event) -> Bool {
        guard isTerse, event.kind != .shortage else { return false }
        return event.kind != .failed || event.subject.kind == .channel
    }

    func lines(switchedOff path: String, at address: String) -> [String] {
        let parts = path.split(separator: "/")
        let (group, channel) =
            parts.count > 1 ? (parts[parts.count - 2], parts[parts.count - 1]) : ("?", "?")
        return [
            "connection failed group \(group) channel \(channel)",
            "\(address) needs to be enabled manually using balance -i after the problem is solved",
        ]
    }

    func lines(about error: StartError) -> [String] {
        switch error.cause {
        case .unresolvedListener(let words): ["error at getaddrinfo: \(words)", "exiting."]
        case .unresolved(let host): ["unknown or invalid address [\(host)]"]
        case .listener(let number): ["bind(): \(SystemError.words(for: number))"]
        case .control(let path, _, isOccupied: false): ["cannot create rendezvous file \(path)"]
        case .control(let path, let number, isOccupied: true):
            ["open: \(SystemError.words(for: number))", Self.checkPermissions(of: path)]
        case nil: []
        }
    }

    static func checkPermissions(of path: String) -> String {
        "check rendezvousfile permissions [\(path)]"
    }

    func lines(idleFor time: Duration) -> [String] {
        ["timed out after \(time.components.seconds) seconds"]
    }
}
