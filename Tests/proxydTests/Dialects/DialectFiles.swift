@testable import proxyd

extension HostEnvironment {
    /// A machine with these files, and nothing else.
    static func with(_ files: [String: String], variables: [String: String] = [:])
        -> HostEnvironment
    {
        var hostEnvironment = HostEnvironment.empty
        hostEnvironment.file = { path in
            files[path].map { .success($0) }
                ?? .failure(Unreadable(reason: "No such file or directory"))
        }
        hostEnvironment.files = { pattern in
            guard pattern.hasSuffix("*") else { return files[pattern] == nil ? [] : [pattern] }
            return files.keys.filter { $0.hasPrefix(pattern.dropLast()) }.sorted()
        }
        hostEnvironment.variable = { variables[$0] }
        return hostEnvironment
    }
}

/// Texts that are nearly what a dialect takes: words of it in any order, and bytes that are none.
struct Scramble {
    private var generator: SeededGenerator
    let words: [String]

    init(seed: UInt64, words: [String]) {
        generator = SeededGenerator(seed: seed)
        self.words = words
    }

    mutating func text(upTo count: Int) -> String {
        (0..<Int.random(in: 0...count, using: &generator)).map { _ in
            guard Int.random(in: 0..<20, using: &generator) > 0 else {
                let scalar = UnicodeScalar(UInt8.random(in: 0...255, using: &generator))
                return String(Character(scalar))
            }
            let word = words.randomElement(using: &generator) ?? ""
            return word + (Int.random(in: 0..<4, using: &generator) > 0 ? " " : "")
        }.joined()
    }

    /// A good text with some of it left out, doubled or exchanged.
    mutating func damaged(_ text: String) -> String {
        var scalars = Array(text.unicodeScalars)
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !scalars.isEmpty {
            let start = Int.random(in: 0..<scalars.count, using: &generator)
            let end = min(scalars.count, start + Int.random(in: 1...8, using: &generator))
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: scalars.removeSubrange(start..<end)
            case 1: scalars.insert(contentsOf: scalars[start..<end], at: start)
            default:
                let word = words.randomElement(using: &generator) ?? ""
                scalars.replaceSubrange(start..<end, with: Array(word.unicodeScalars))
            }
        }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars)
        return String(result)
    }
}
