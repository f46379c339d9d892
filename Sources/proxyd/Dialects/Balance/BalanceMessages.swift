/// balance's messages.
struct BalanceMessages: DialectMessages {
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
        case .unresolved(let host): ["unknown or invalid address [\(host)]"]
        case .listener(let number): ["bind(): \(SystemError.words(for: number))"]
        case nil: []
        }
    }

    func lines(idleFor time: Duration) -> [String] {
        ["timed out after \(time.components.seconds) seconds"]
    }
}
