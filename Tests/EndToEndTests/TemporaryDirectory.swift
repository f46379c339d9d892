import Foundation

/// A private directory that is removed when its test is over.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/proxyd-test-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw SocketError(errno, "mkdtemp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        Leftovers.add { [path] in try? FileManager.default.removeItem(atPath: path) }
    }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: self(name), atomically: false, encoding: .utf8)
        return self(name)
    }

    func read(_ name: String) -> String {
        (try? String(contentsOfFile: self(name), encoding: .utf8)) ?? ""
    }

    /// Lets programs in that run as somebody else.
    func open(mode: mode_t) { _ = unsafe chmod(path, mode) }
}
