internal import CLinux
internal import Glibc
internal import Synchronization

/// Options as getopt(3) finds them: the same clusters, attached values and permutation that programs have
/// which use it, because it is the one that they use.
enum OptionScanner {
    struct Scan: Equatable, Sendable {
        var options: [Option] = []
        var operands: [String] = []
        /// Where it stopped; nil: everything was understood.
        var mistake: ParseError?
    }

    struct Option: Equatable, Sendable {
        var letter: Character
        var value: String?
    }

    enum ParseError: Error, Equatable, Sendable {
        /// The program has no such option.
        case unknown(Character)
        case noValue(Character)
    }

    /// It keeps its place in variables of the process.
    private static let turn = CountedMutex(())

    /// `letters` as getopt(3) takes them: `+` in front stops at the first operand, `:` behind a letter gives it
    /// a value. Stops at the first mistake, as programs do.
    static func scan(_ arguments: [String], for letters: String) -> Scan {
        turn.withLock { _ in
            var words: [UnsafeMutablePointer<CChar>?] = unsafe [strdup("")]
            for argument in arguments { unsafe words.append(strdup(argument)) }
            defer { unsafe words.forEach { unsafe free($0) } }
            let count = unsafe CInt(clamping: words.count)
            unsafe words.append(nil)
            return unsafe words.withUnsafeMutableBufferPointer { words in
                guard let base = words.baseAddress else { return Scan() }
                return unsafe scan(base, count: count, letters)
            }
        }
    }

    private static func scan(
        _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, count: CInt, _ letters: String
    ) -> Scan {
        var scan = Scan()
        clinux_restart_options()
        while true {
            let found = unsafe clinux_next_option(count, words, letters)
            let next = unsafe Int(found.next)
            guard unsafe found.letter >= 0 else {
                for index in min(next, Int(count))..<Int(count) {
                    guard let word = unsafe words[index] else { break }
                    unsafe scan.operands.append(String(cString: word))
                }
                return scan
            }
            guard unsafe found.letter != CInt(UInt8(ascii: "?")) else {
                let letter = unsafe character(found.mistake)
                let isKnown = letters.contains(letter) && letter != ":" && letter != "+"
                scan.mistake = isKnown ? .noValue(letter) : .unknown(letter)
                return scan
            }
            let value = unsafe found.value.map { unsafe String(cString: $0) }
            scan.options.append(Option(letter: unsafe character(found.letter), value: value))
        }
    }

    private static func character(_ code: CInt) -> Character {
        Character(UnicodeScalar(UInt8(truncatingIfNeeded: code)))
    }
}

extension OptionScanner.ParseError {
    /// As glibc says it of a program of that name.
    func words(of program: String) -> String {
        switch self {
        case .unknown(let letter): "\(program): invalid option -- '\(letter)'"
        case .noValue(let letter): "\(program): option requires an argument -- '\(letter)'"
        }
    }
}
