/// The options of `balance` besides the policy, and whether that makes sense. The same for the file
/// and the control socket.
struct BalanceOptions {
    var policy = PolicyName.roundRobin
    var key: HashKey?
    var function: HashFunction?
    var failover: Bool?
    var maxLoad: Int?
    var seed: Int?

    /// `max-load` in thousandths.
    static let maxLoads = 1010...10_000
    static let seeds = 0...4_294_967_295

    /// A conflict is an error of the option that it is about.
    func configuration() throws(Conflict) -> BalanceConfiguration {
        let name = policy.rawValue
        if key != nil, !policy.isByClient {
            throw Conflict(option: "key", "“key” means nothing to \(name)", "remove it")
        }
        if let function, !policy.functions.contains(function) {
            let known = policy.functions.map(\.rawValue)
            throw Conflict(
                option: "function", "“function: \(function.rawValue)” means nothing to \(name)",
                known.isEmpty ? "remove it" : "write \(known.joined(separator: " or "))")
        }
        let function = function ?? .modern
        if function != .modern, let key, key != .source {
            throw Conflict(
                option: "key", "the \(function.rawValue) function knows only the source",
                "write key: source")
        }
        if failover != nil, policy != .hash {
            throw Conflict(
                option: "failover", "“failover” means nothing to \(name), which always goes on",
                "remove it")
        }
        if failover != nil, function == .lighttpd {
            throw Conflict(
                option: "failover",
                "“failover” means nothing to the lighttpd function, which always goes on",
                "remove it")
        }
        if maxLoad != nil, policy == .hash, function == .lighttpd {
            throw Conflict(
                option: "max-load", "“max-load” means nothing to hash with the lighttpd function",
                "remove it")
        }
        if maxLoad != nil, !policy.isByClient {
            throw Conflict(option: "max-load", "“max-load” means nothing to \(name)", "remove it")
        }
        if maxLoad != nil, policy == .hash, failover != true {
            throw Conflict(
                option: "max-load",
                "“max-load” sends clients on, which hash does not do without failover",
                "add failover: true")
        }
        if seed != nil, !policy.takesSeed || function != .modern {
            throw Conflict(
                option: "seed",
                function == .modern
                    ? "“seed” means nothing to \(name)"
                    : "the \(function.rawValue) function has no seed", "remove it")
        }
        return BalanceConfiguration(
            policy: policy, key: key ?? .source, function: function, failover: failover ?? false,
            maxLoad: maxLoad, seed: UInt64(seed ?? 0))
    }

    /// Options that do not go together.
    struct Conflict: Error, Equatable {
        var option: String
        var error: ValueError

        init(option: String, _ problem: String, _ remedy: String) {
            self.option = option
            error = ValueError(problem, remedy)
        }
    }
}

extension BalanceOptions {
    /// A policy and its options as words: `hash failover=true`.
    static func read(_ words: [String]) throws(ValueError) -> BalanceConfiguration {
        guard let policy = words.first else {
            throw ValueError(
                "no policy is given", "write \(ValueReader.choice(PolicyName.words))")
        }
        var options = BalanceOptions()
        try options.set("policy", to: policy)
        for word in words.dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, parts[0] != "policy" else {
                throw ValueError("invalid option “\(word.prefix(40))”", "write it as failover=true")
            }
            try options.set(parts[0], to: parts[1])
        }
        do throws(BalanceOptions.Conflict) {
            return try options.configuration()
        } catch {
            throw error.error
        }
    }

    /// Takes one option as it was written.
    mutating func set(_ option: String, to text: String) throws(ValueError) {
        let name = "“\(option)”"
        switch option {
        case "policy": policy = try ValueReader.policy(text, as: name)
        case "key": key = try Self.word(text, among: HashKey.allCases, as: name)
        case "function": function = try Self.word(text, among: HashFunction.allCases, as: name)
        case "failover": failover = try Self.truth(text, as: name)
        case "max-load": maxLoad = try Self.maxLoad(text, as: name)
        case "seed": seed = try ValueReader.number(text, in: Self.seeds, as: name)
        default: throw KeySet.balance.error(about: option)
        }
    }

    private static func word<Word: RawRepresentable>(
        _ text: String, among words: [Word], as name: String
    ) throws(ValueError) -> Word where Word.RawValue == String {
        if let word = Word(rawValue: text) { return word }
        let known = words.map(\.rawValue)
        throw ValueError(
            "\(name) is “\(text)”, which is unknown",
            NearestWord.nearest(to: text, among: known).map { "did you mean “\($0)”?" }
                ?? "write \(ValueReader.choice(known))")
    }

    private static func truth(_ text: String, as name: String) throws(ValueError) -> Bool {
        switch text {
        case "true": return true
        case "false": return false
        default:
            throw ValueError(
                "\(name) is “\(text)”, neither true nor false", "write true or false")
        }
    }

    /// A number with up to three decimals, in thousandths.
    private static func maxLoad(_ text: String, as name: String) throws(ValueError) -> Int {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let decimals = parts.count == 2 ? parts[1] : "0"
        let isNumber =
            (1...2).contains(parts.count) && (1...3).contains(decimals.utf8.count)
            && parts.allSatisfy {
                !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) }
            }
        guard isNumber, let whole = Int(parts[0]), whole < 1000,
            let part = Int(decimals + String(repeating: "0", count: 3 - decimals.utf8.count)),
            maxLoads.contains(whole * 1000 + part)
        else {
            throw ValueError(
                invalid: "bound", text, name,
                "write a number from 1.01 to 10, as in 1.25")
        }
        return whole * 1000 + part
    }
}
