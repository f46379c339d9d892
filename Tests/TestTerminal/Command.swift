import Foundation
import TestProcess

/// Runs a program to its end and gives back what it wrote.
package enum Command {
    package struct Result {
        /// The exit status, or 128 and the number of the signal that ended it.
        package let status: Int
        package let output: String
    }

    package static func run(
        _ words: [String], environment: [String: String]? = nil, withErrors: Bool = true
    ) throws -> Result {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "proxytop-output-\(getpid())-\(UInt64.random(in: 0...UInt64.max))")
        defer { try? FileManager.default.removeItem(at: file) }
        let child = try ChildProcess(
            words, environment: environment, output: .file(file.path),
            errors: withErrors ? .output : .none)
        let status = child.waitForEnd() ?? 0
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        return Result(status: status < 0 ? 128 - status : status, output: text)
    }
}
