import Foundation
import Testing

/// Texts that a render is compared with. `PROXYTOP_REWRITE_GOLDEN=1` writes them anew: read the
/// difference before committing it.
enum Golden {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Golden")

    static func check(
        _ name: String, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let file = folder.appending(path: name + ".txt")
        if ProcessInfo.processInfo.environment["PROXYTOP_REWRITE_GOLDEN"] != nil {
            try text.write(to: file, atomically: true, encoding: .utf8)
            return
        }
        let expected = try String(contentsOf: file, encoding: .utf8)
        guard expected != text else { return }
        Issue.record(
            Comment(rawValue: "\(name) differs\n" + difference(expected, text)),
            sourceLocation: sourceLocation)
    }

    private static func difference(_ expected: String, _ text: String) -> String {
        let old = expected.split(separator: "\n", omittingEmptySubsequences: false)
        let new = text.split(separator: "\n", omittingEmptySubsequences: false)
        var lines: [String] = []
        for index in 0..<max(old.count, new.count) {
            let (left, right) = (
                index < old.count ? old[index] : "", index < new.count ? new[index] : ""
            )
            if left != right { lines += ["\(index + 1)- \(left)", "\(index + 1)+ \(right)"] }
        }
        return lines.joined(separator: "\n")
    }
}
