internal import ArgumentParser

extension ExitStatus {
    /// Ends the command with this status, without a message of its own.
    func finish() throws {
        if self != .good { throw ExitCode(rawValue) }
    }
}
