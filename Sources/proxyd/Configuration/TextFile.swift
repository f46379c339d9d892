internal import Foundation

/// Small files that people name on the command line.
enum TextFile {
    /// nil: cannot be read, or is not text.
    static func read(_ path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }

    static func write(_ text: String, to path: String) -> Bool {
        (try? text.write(toFile: path, atomically: false, encoding: .utf8)) != nil
    }
}
