internal import Shared

/// Reads single values, the same in the file and on the command line.
///
/// Every function takes what the value is called, e.g. `“weight”`, and what was written.
enum ValueReader {
    static let year = Duration.seconds(365 * 86_400)
    /// TCP_USER_TIMEOUT is a signed number of milliseconds in the kernel.
    static let longestDeadPeer = Duration.seconds(24 * 86_400)
    static let longestHold = Duration.seconds(86_400)

    static let workers = 1...256
    static let sessions = 1...10_000_000
    static let weights = 0...10_000
    static let backlogs = 1...65_535
    /// They wait in the kernel, whose room for one connection is twice that at first (tcp(7), tcp_rmem).
    static let bytesWaitedFor = 0...32_768

    static func number(
        _ text: String, in range: ClosedRange<Int>, as name: String
    ) throws(ValueError) -> Int {
        let isNumeric = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        let remedy = "write a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard isNumeric else {
            throw ValueError(invalid: "number", text, name, remedy)
        }
        guard let number = Int(text), range.contains(number) else {
            throw ValueError("\(name) is \(text), which is out of range", remedy)
        }
        return number
    }

    /// Data threads; nil means one per core.
    static func workers(_ text: String, as name: String) throws(ValueError) -> Int? {
        if text == "auto" { return nil }
        do throws(ValueError) {
            return try number(text, in: workers, as: name)
        } catch {
            throw ValueError(error.problem, "\(error.remedy), or auto")
        }
    }

    /// A time that may not be left out.
    static func duration(
        _ text: String, in range: ClosedRange<Duration>, as name: String
    ) throws(ValueError) -> Duration {
        let isNever = text == "never"
        guard !isNever else {
            throw ValueError(
                "\(name) cannot be never", "write a time of at most \(Age(range.upperBound))")
        }
        guard let age = Age(text), let (number, _) = Quantity.split(text) else {
            throw ValueError(
                invalid: "duration", text, name, "write 500ms, 5s, 10m or 2h")
        }
        guard number == 0 || age.milliseconds > 0 else {
            throw ValueError(
                "\(name) is \(text), which is less than a millisecond", "write 1ms or more")
        }
        guard range.contains(age.duration) else {
            let isShort = age.duration < range.lowerBound
            throw ValueError(
                "\(name) is \(text), which is too \(isShort ? "short" : "long")",
                isShort ? "write a time above zero" : "write at most \(Age(range.upperBound))")
        }
        return age.duration
    }

    /// A time where `0` and `never` mean none.
    static func optionalDuration(
        _ text: String, upTo longest: Duration, as name: String
    ) throws(ValueError) -> Duration? {
        if text == "never" { return nil }
        let duration = try duration(text, in: .zero...longest, as: name)
        return duration == .zero ? nil : duration
    }

    static let shortest = Duration.milliseconds(1)

    /// `close`, `reset`, `refuse` or `hold 10s`.
    static func whenEmpty(_ text: String, as name: String) throws(ValueError) -> WhenEmpty {
        switch text {
        case "close": return .close
        case "reset": return .reset
        case "refuse": return .refuse
        case "hold": throw ValueError("\(name) holds clients, but not how long", "write hold 10s")
        default:
            guard text.hasPrefix("hold "), let time = text.split(separator: " ").last else {
                throw ValueError(
                    "\(name) is “\(text)”, which is unknown",
                    "write close, reset, refuse or hold 10s")
            }
            return .hold(
                try duration(String(time), in: shortest...longestHold, as: "“hold”"))
        }
    }

    /// `keep`, `cut` or `drain 30s`.
    static func onRemove(_ text: String, as name: String) throws(ValueError) -> OnRemove {
        switch text {
        case "keep": return .keep
        case "cut": return .cut
        case "drain":
            throw ValueError("\(name) lets sessions end, but not for how long", "write drain 30s")
        default:
            guard text.hasPrefix("drain "), let time = text.split(separator: " ").last else {
                throw ValueError(
                    "\(name) is “\(text)”, which is unknown", "write keep, cut or drain 30s")
            }
            return .drain(try duration(String(time), in: shortest...longestHold, as: "“drain”"))
        }
    }

    /// `fail`, `skip` or `retry 5s`.
    static func onBindFailure(
        _ text: String, as name: String
    ) throws(ValueError) -> OnBindFailure {
        switch text {
        case "fail": return .fail
        case "skip": return .skip
        case "retry":
            throw ValueError("\(name) tries again, but not how often", "write retry 5s")
        default:
            guard text.hasPrefix("retry "), let time = text.split(separator: " ").last else {
                throw ValueError(
                    "\(name) is “\(text)”, which is unknown", "write fail, skip or retry 5s")
            }
            return .retry(
                try duration(String(time), in: .milliseconds(100)...longestHold, as: "“retry”"))
        }
    }

    /// Permission bits in octal.
    static func mode(_ text: String, as name: String) throws(ValueError) -> UInt32 {
        let isOctal = (1...4).contains(text.utf8.count)
        guard isOctal, text.utf8.allSatisfy({ (0x30...0x37).contains($0) }),
            let mode = UInt32(text, radix: 8), mode <= 0o777
        else {
            throw ValueError(
                invalid: "permission bits", text, name,
                "write them in octal and in quotes, as in \"0660\"")
        }
        return mode
    }

    static func policy(_ text: String, as name: String) throws(ValueError) -> PolicyName {
        if let policy = PolicyName(word: text) { return policy }
        let known = PolicyName.words
        let near = NearestWord.nearest(to: text, among: known)
        throw ValueError(
            invalid: "policy", text, name,
            near.map { "did you mean “\($0)”?" } ?? "write \(choice(known))")
    }

    /// `a, b or c`.
    static func choice(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " or " + last
    }

    /// A service's, listener's, group's or channel's name. A number is one, too: who had no name keeps
    /// the index that it had when others in front of it were removed.
    static func name(_ text: String) throws(ValueError) -> String {
        guard (1...64).contains(text.utf8.count) else {
            throw ValueError(
                text.isEmpty ? "the name is empty" : "the name has more than 64 bytes",
                "write 1 to 64 letters, digits, “.”, “_” or “-”")
        }
        let isWord = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
        }
        guard isWord else {
            throw ValueError(
                "the name “\(text)” has a character that paths cannot have",
                "use letters, digits, “.”, “_” and “-”")
        }
        return text
    }

    /// A word that screens show.
    static func label(_ text: String, as name: String) throws(ValueError) -> String {
        let isShown = text.unicodeScalars.allSatisfy {
            $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value)
        }
        guard isShown, (1...64).contains(text.utf8.count) else {
            throw ValueError(
                "\(name) is empty, too long or has control characters",
                "write 1 to 64 bytes of text")
        }
        return text
    }

    /// A path that means the same in every working directory.
    static func wholePath(
        _ text: String, as name: String, remedy: String
    ) throws(ValueError) -> String {
        guard text.hasPrefix("/"), text.utf8.count < 4096, !text.utf8.contains(0) else {
            throw ValueError(invalid: "path", text, name, remedy)
        }
        return text
    }

    static func wholePath(_ text: String, as name: String) throws(ValueError) -> String {
        try wholePath(text, as: name, remedy: "begin it with “/”")
    }

    static func path(_ text: String, as name: String) throws(ValueError) -> String {
        guard case .unix(let path)? = try? Endpoint("unix:" + text) else {
            throw ValueError(
                "\(name) cannot be a Unix socket's path",
                "write 1 to \(Endpoint.longestPath) bytes")
        }
        return path
    }
}
extension ValueReader {
    static func flag(_ text: String, as name: String) throws(ValueError) -> Bool {
        switch text {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default:
            throw ValueError("\(name) is “\(text)”, which says neither", "write true or false")
        }
    }
}
