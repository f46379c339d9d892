/// Numbers for services, groups, channels and listeners, never given twice while the daemon lives, whichever
/// process that is.
final class Serials {
    private(set) var last: UInt64 = 0
    /// Of things that another process has numbered, and that are not yet made here.
    private var known: [String: UInt64] = [:]

    init() {}

    init(resuming known: [String: UInt64], last: UInt64) {
        self.known = known
        self.last = max(last, known.values.max() ?? 0)
    }

    /// The number of what is made now; what is made under the same name later gets another one.
    func next(for key: String) -> UInt64 {
        if let serial = known.removeValue(forKey: key) { return serial }
        last += 1
        return last
    }

    /// What was not made is not known any more.
    func forgetOthers() { known = [:] }

    static func key(service name: String) -> String { "service \(name)" }
    static func key(group path: String) -> String { "group \(path)" }
    static func key(channel path: String) -> String { "channel \(path)" }
    static func key(listener path: String) -> String { "listener \(path)" }
}
