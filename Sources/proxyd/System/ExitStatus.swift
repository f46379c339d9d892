/// How our own commands end: sysexits.h. A dialect has its own codes.
struct ExitStatus: RawRepresentable, Equatable, Sendable {
    let rawValue: Int32

    init(rawValue: Int32) { self.rawValue = rawValue }

    static let good = ExitStatus(rawValue: 0)
    static let usage = ExitStatus(rawValue: 64)
    static let data = ExitStatus(rawValue: 65)
    static let noInput = ExitStatus(rawValue: 66)
    static let unavailable = ExitStatus(rawValue: 69)
    static let software = ExitStatus(rawValue: 70)
    static let system = ExitStatus(rawValue: 71)
    static let temporary = ExitStatus(rawValue: 75)
    static let noPermission = ExitStatus(rawValue: 77)
    static let configuration = ExitStatus(rawValue: 78)

    /// What a command of ours may end with that is not well.
    static let own = [
        usage, data, noInput, unavailable, software, system, temporary, noPermission, configuration,
    ]

    /// As a shell shows a program that a signal has ended.
    init(endedBy signal: Int32) { self.init(rawValue: 128 + signal) }

    /// The signal that a shell would mean by it.
    var signal: Int32? { rawValue > 128 ? rawValue - 128 : nil }
}
