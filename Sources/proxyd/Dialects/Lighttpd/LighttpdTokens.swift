/// The tokens of one file, read from the front.
struct LighttpdTokens {
    private var file = ""
    /// The last one is the end of the file.
    private var tokens = [LighttpdToken(kind: .end, text: "", line: 1)]
    /// Of the current token; setting an earlier one goes back.
    var position = 0

    init() {}

    init(of text: String, file: String) throws(LighttpdError) {
        self.file = file
        tokens = try LighttpdLexer.tokens(of: text, file: file)
    }

    var count: Int { tokens.count }
    var current: LighttpdToken { tokens[position] }
    /// `FILE:LINE` of the current token.
    var place: String { "\(file):\(current.line)" }

    mutating func advance() { if position + 1 < tokens.count { position += 1 } }

    func isAt(_ symbol: String) -> Bool { current.kind == .symbol && current.text == symbol }

    /// Whether the symbol stood here and was passed.
    mutating func consume(_ symbol: String) -> Bool {
        guard isAt(symbol) else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: String) throws(LighttpdError) {
        guard consume(symbol) else { throw unexpected("“\(symbol)”") }
    }

    mutating func skipNewlines() { while current.kind == .newline { advance() } }

    func unexpected(_ wanted: String) -> LighttpdError {
        let found =
            switch current.kind {
            case .newline: "the end of the line"
            case .end: "the end of the file"
            default: "“\(current.text.prefix(60))”"
            }
        return LighttpdError(at: place, "expected \(wanted), but got \(found)")
    }
}
