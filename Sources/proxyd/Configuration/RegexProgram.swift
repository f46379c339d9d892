internal import Shared

/// A regular expression as instructions, and the search for it in time that grows with the text and the pattern, whatever
/// they are: all ways to match are followed at the same time, and no character is looked at twice (Thompson 1968).
struct RegexProgram: Sendable {
    private enum Instruction: Sendable {
        case set(Int)
        case assertion(RegexAssertion)
        case split(Int, Int)
        case jump(Int)
        case match
    }

    private var instructions: [Instruction] = []
    private var sets: [ScalarSet] = []
    /// Whether bytes that are still to come can undo a match.
    private(set) var looksAhead = false

    /// A search takes at most this many steps for each character.
    static let mostInstructions = 400

    init(_ syntax: RegexSyntax) throws(ValueError) {
        try add(syntax)
        try add(Instruction.match)
    }

    // MARK: Making it

    private mutating func add(_ instruction: Instruction) throws(ValueError) {
        guard instructions.count < Self.mostInstructions else {
            throw ValueError(
                "the regular expression is too large: its repetitions multiply to more than "
                    + "\(Self.mostInstructions) steps", "repeat fewer times")
        }
        instructions.append(instruction)
    }

    private mutating func add(_ syntax: RegexSyntax) throws(ValueError) {
        switch syntax {
        case .set(let set):
            try add(Instruction.set(sets.count))
            sets.append(set)
        case .assertion(let assertion):
            looksAhead = looksAhead || assertion.looksAhead
            try add(Instruction.assertion(assertion))
        case .sequence(let parts): for part in parts { try add(part) }
        case .alternatives(let branches): try add(alternatives: branches)
        case .repeated(let inner, let least, let most):
            for _ in 0..<least { try add(inner) }
            if let most {
                try add(inner, atMost: most - least)
            } else {
                try add(loop: inner)
            }
        }
    }

    private mutating func add(alternatives branches: [RegexSyntax]) throws(ValueError) {
        var jumps: [Int] = []
        for branch in branches.dropLast() {
            let split = instructions.count
            try add(Instruction.match)
            try add(branch)
            jumps.append(instructions.count)
            try add(Instruction.match)
            instructions[split] = .split(split + 1, instructions.count)
        }
        if let last = branches.last { try add(last) }
        for jump in jumps { instructions[jump] = .jump(instructions.count) }
    }

    private mutating func add(_ inner: RegexSyntax, atMost count: Int) throws(ValueError) {
        var splits: [Int] = []
        for _ in 0..<count {
            splits.append(instructions.count)
            try add(Instruction.match)
            try add(inner)
        }
        for split in splits { instructions[split] = .split(split + 1, instructions.count) }
    }

    private mutating func add(loop inner: RegexSyntax) throws(ValueError) {
        let split = instructions.count
        try add(Instruction.match)
        try add(inner)
        try add(Instruction.jump(split))
        instructions[split] = .split(split + 1, instructions.count)
    }

    // MARK: Searching

    /// The instructions that are tried at one place, each once.
    private struct Threads {
        var list: [Int] = []
        /// The place for which an instruction was added last.
        var added: [Int]
        var hasMatched = false
    }

    /// Whether it is found anywhere in the text.
    func isFound(in text: [UInt32]) -> Bool {
        var threads = Threads(added: Array(repeating: -1, count: instructions.count))
        var following: [Int] = []
        for index in 0...text.count {
            // A match may begin here.
            start(0, at: index, in: text, &threads)
            if threads.hasMatched { return true }
            guard index < text.count else { break }
            swap(&following, &threads.list)
            threads.list.removeAll(keepingCapacity: true)
            for place in following {
                guard case .set(let set) = instructions[place], sets[set].contains(text[index])
                else { continue }
                start(place + 1, at: index + 1, in: text, &threads)
            }
            if threads.hasMatched { return true }
        }
        return false
    }

    /// Adds an instruction and whatever it leads to without a character.
    private func start(_ first: Int, at index: Int, in text: [UInt32], _ threads: inout Threads) {
        var place = first
        while threads.added[place] != index {
            threads.added[place] = index
            switch instructions[place] {
            case .set: return threads.list.append(place)
            case .assertion(let assertion):
                guard assertion.holds(at: index, in: text) else { return }
                place += 1
            case .split(let one, let other):
                start(one, at: index, in: text, &threads)
                place = other
            case .jump(let target): place = target
            case .match: return threads.hasMatched = true
            }
        }
    }
}
