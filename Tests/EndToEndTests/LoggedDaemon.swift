import Foundation
import Shared

/// A daemon with a log of its own, and what is in it.
struct LoggedDaemon {
    let daemon: Daemon
    let directory: TemporaryDirectory

    /// `log` is what stands behind `log:`; LOG in it is the directory.
    init(
        _ services: String, log: String, options: [String] = [], workers: Int = 2,
        prefix: [String] = [], in directory: TemporaryDirectory? = nil
    ) throws {
        let directory = try directory ?? TemporaryDirectory()
        self.directory = directory
        let text = "\(services)\nlog: \(log.replacingOccurrences(of: "LOG", with: directory.path))"
        daemon = try Daemon(
            text, options: options, workers: workers, prefix: prefix, in: directory)
    }

    func lines(_ name: String = "access.log") -> [String] {
        directory.read(name).split(separator: "\n").map(String.init)
    }

    /// Waits until so many lines are there, and returns them.
    func wait(for count: Int, in name: String = "access.log") throws -> [String] {
        try eventually("\(count) lines in \(name), not \(lines(name).count)") {
            lines(name).count >= count
        }
        return lines(name)
    }

    /// The named fields of lines of the extended format.
    func fields(_ count: Int) throws -> [[String: String]] {
        try wait(for: count).map(Self.fields)
    }

    static func fields(_ line: String) -> [String: String] {
        var fields: [String: String] = [:]
        for word in line.split(separator: " ") {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { fields[parts[0]] = parts[1] }
        }
        return fields
    }
}
