internal import ArgumentParser

/// How our own commands end: sysexits.h.
enum ExitStatus: Int32, Sendable {
    case good = 0
    case usage = 64
    case data = 65
    case noInput = 66
    case unavailable = 69
    case software = 70
    case system = 71
    case temporary = 75
    case noPermission = 77
    case configuration = 78

    /// Ends the command, quietly when all is well.
    func finish() throws {
        if self != .good { throw ExitCode(rawValue) }
    }
}
