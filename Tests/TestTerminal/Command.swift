import Foundation
import Glibc

/// Runs a program to its end and gives back what it wrote.
///
/// Not Foundation's `Process`: that waits until every descendant has closed an inherited descriptor, and
/// tmux leaves a server behind.
package enum Command {
    package struct Result {
        package let status: Int
        package let output: String
    }

    package static func run(
        _ words: [String], environment: [String: String]? = nil, withErrors: Bool = true
    ) throws -> Result {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "proxytop-output-\(getpid())-\(UInt64.random(in: 0...UInt64.max))")
        defer { try? FileManager.default.removeItem(at: file) }
        let child = try spawn(words, environment, output: file.path, withErrors: withErrors)
        var status: CInt = 0
        while unsafe waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw Failed(description: "no child: \(errno)") }
        }
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let signal = Int(status & 0x7F)
        return Result(status: signal == 0 ? Int(status >> 8) & 0xFF : 128 + signal, output: text)
    }

    package struct Failed: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    private static func spawn(
        _ words: [String], _ environment: [String: String]?, output: String, withErrors: Bool
    ) throws -> pid_t {
        let variables = environment ?? ProcessInfo.processInfo.environment
        var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
        var settings = unsafe variables.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            unsafe arguments.forEach { unsafe free($0) }
            unsafe settings.forEach { unsafe free($0) }
        }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(
            &actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        if withErrors {
            unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        }
        // A test runs on a thread that blocks signals, and a child would inherit that.
        var attributes = posix_spawnattr_t()
        var mask = sigset_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        unsafe sigemptyset(&mask)
        unsafe posix_spawnattr_setsigmask(&attributes, &mask)
        unsafe sigfillset(&mask)
        unsafe posix_spawnattr_setsigdefault(&attributes, &mask)
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var child: pid_t = 0
        let error = unsafe posix_spawnp(
            &child, words[0], &actions, &attributes, &arguments, &settings)
        guard error == 0 else { throw Failed(description: "\(words[0]): error \(error)") }
        return child
    }
}
