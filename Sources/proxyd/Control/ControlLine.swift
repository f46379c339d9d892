internal import Shared

/// What a person writes for `proxyd ctl`: the daemon's words, and our options in front or behind.
struct ControlLine: Equatable, Sendable {
    var words: [String] = []
    var format = ReplyFormat.people
    var wait: Duration?

    struct ParseError: Error, Equatable {
        let message: String
        init(_ message: String) { self.message = message }
    }

    private static let formats: [String: ReplyFormat] = [
        "--json": .json, "--csv": .csv, "--raw": .raw,
    ]

    /// People write `show channels --json` as well: options behind the command are ours too.
    init(
        _ words: [String], formats: [ReplyFormat] = [], wait: String? = nil,
        default standard: ReplyFormat = .people
    ) throws(ParseError) {
        var (words, formats, waits) = (words, formats, wait.map { [$0] } ?? [])
        // A leading “--” is left in by the parser.
        if words.first == "--" { words.removeFirst() }
        while let last = words.last {
            if let format = Self.formats[last] {
                words.removeLast()
                formats.append(format)
            } else if last.hasPrefix("--wait=") {
                words.removeLast()
                waits.append(String(last.dropFirst("--wait=".count)))
            } else if words.dropLast().last == "--wait" {
                words.removeLast(2)
                waits.append(last)
            } else if last == "--wait" {
                throw ParseError("--wait for how long? Write --wait 60s")
            } else {
                break
            }
        }
        guard Set(formats).count <= 1 else {
            throw ParseError("choose one of --json, --csv and --raw")
        }
        guard waits.count <= 1 else { throw ParseError("--wait stands there twice") }
        self.words = words
        format = formats.first ?? standard
        if let text = waits.first { self.wait = try Self.duration(text, for: words) }
    }

    /// Without words and options.
    static let plain = ControlLine()

    private init() {}

    private static func duration(
        _ text: String, for words: [String]
    ) throws(ParseError) -> Duration {
        guard DrainWait.verbs.contains(words.first ?? "") else {
            let verbs = ValueReader.choice(DrainWait.verbs.sorted())
            throw ParseError("--wait goes with \(verbs)")
        }
        do throws(ValueError) {
            return try ValueReader.duration(
                text, in: ValueReader.shortest...ValueReader.longestHold, as: "--wait")
        } catch {
            throw ParseError("\(error.problem); \(error.remedy)")
        }
    }
}
