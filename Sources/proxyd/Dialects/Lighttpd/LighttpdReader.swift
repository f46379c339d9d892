/// Reads a lighttpd configuration file: assignments, conditions, variables and includes. Of conditions only
/// `$SERVER["socket"] == …` counts here; others are passed over with a remark.
struct LighttpdReader {
    private let hostEnvironment: HostEnvironment
    /// Includes are relative to it.
    private let folder: String
    private(set) var global: LighttpdScope = [:]
    private(set) var sockets: [LighttpdSocket] = []
    private var told = ImportRemarks()
    var remarks: [ForeignRemark] { told.all }
    /// Of the sockets, by their addresses.
    private var socketIndex: [String: Int] = [:]
    private var depth = 0
    /// Words of all files together.
    private var budget = 1_000_000

    /// Of the file that is being read.
    private var tokens = LighttpdTokens()

    /// Where directives go.
    private enum Target {
        case global
        case socket(Int)
        /// A condition that does not count here.
        case nowhere(String)
        /// A condition on the client's address.
        case byClient(String)
    }

    private static let deepest = 16

    init(in hostEnvironment: HostEnvironment, folder: String) {
        self.hostEnvironment = hostEnvironment
        self.folder = folder
    }

    mutating func remark(_ kind: ForeignRemark.Kind, at place: String?, _ text: String) {
        told.add(ForeignRemark(kind, at: place, text))
    }

    mutating func read(_ text: String, file: String) throws(LighttpdError) {
        try read(text, file: file, into: .global)
    }

    private mutating func read(
        _ text: String, file: String, into target: Target
    ) throws(LighttpdError) {
        let outer = tokens
        tokens = try LighttpdTokens(of: text, file: file)
        budget -= tokens.count
        guard budget > 0 else {
            throw LighttpdError(at: file, "the files have more than a million words")
        }
        try statements(into: target, untilBrace: false)
        tokens = outer
    }

    // MARK: Statements

    private mutating func statements(
        into target: Target, untilBrace: Bool
    ) throws(LighttpdError) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else {
            throw LighttpdError(at: tokens.place, "blocks or files are nested too deep")
        }
        while true {
            tokens.skipNewlines()
            if tokens.current.kind == .end {
                guard untilBrace else { return }
                throw tokens.unexpected("“}”")
            }
            if tokens.isAt("}"), untilBrace { return tokens.advance() }
            try statement(into: target)
        }
    }

    private mutating func statement(into target: Target) throws(LighttpdError) {
        if tokens.isAt("$") { return try condition(inside: target) }
        guard tokens.current.kind == .word else { throw tokens.unexpected("a directive") }
        let (name, place) = (tokens.current.text, tokens.place)
        tokens.advance()
        switch name {
        case "include": return try include(into: target)
        case "include_shell": return try includeShell(into: target, at: place)
        case "global" where tokens.isAt("{"):
            tokens.advance()
            return try statements(into: .global, untilBrace: true)
        case "else": throw LighttpdError(at: place, "“else” without a condition before it")
        default: break
        }
        let symbol = tokens.current.text
        guard tokens.current.kind == .symbol, ["=", "+=", ":="].contains(symbol) else {
            throw tokens.unexpected("“=” or “+=”")
        }
        tokens.advance()
        let value = try expression(in: target)
        guard tokens.current.kind == .newline || tokens.current.kind == .end || tokens.isAt("}")
        else {
            throw tokens.unexpected("the end of the line")
        }
        try set(name, to: value, adds: symbol == "+=", isForced: symbol == ":=", at: place, target)
    }

    private mutating func set(
        _ name: String, to value: LighttpdValue, adds: Bool, isForced: Bool, at place: String,
        _ target: Target
    ) throws(LighttpdError) {
        func joined(_ old: LighttpdSetting?) throws(LighttpdError) -> LighttpdSetting {
            guard adds, let old else { return LighttpdSetting(value: value, place: place) }
            guard let sum = old.value.joined(with: value) else {
                throw LighttpdError(
                    at: place, "\(name): \(value.shown) cannot be added to \(old.value.shown)")
            }
            return LighttpdSetting(value: sum, place: place)
        }
        switch target {
        case .nowhere(let condition):
            if name.hasPrefix("sockproxy.") {
                remark(
                    .ignored, at: place,
                    "\(name): the condition \(condition) cannot be decided when a client connects")
            }
        case .byClient(let condition):
            if name.hasPrefix("sockproxy."), name != "sockproxy.debug" {
                throw LighttpdError(
                    at: place,
                    "\(name) depends on \(condition): hosts are not chosen by the client's address here; "
                        + "give these clients a socket of their own")
            }
        case .global:
            if !adds, !isForced, let old = global[name], !name.hasPrefix("var.") {
                throw LighttpdError(
                    at: place, "\(name) is set already, at \(old.place); remove one, or write :=")
            }
            global[name] = try joined(global[name])
        case .socket(let index):
            // `+=` in a condition adds to what stands outside.
            sockets[index].scope[name] = try joined(sockets[index].scope[name] ?? global[name])
        }
    }

    // MARK: Conditions

    /// `$SERVER["socket"] == "…" { … } else … { … }`.
    private mutating func condition(inside target: Target) throws(LighttpdError) {
        var isFirst = true
        // What an “else” depends on.
        var byClient: String?
        while true {
            let place = tokens.place
            var inner: Target
            if isFirst || tokens.isAt("$") {
                inner = try header(inside: target, isElse: !isFirst)
                if case .byClient(let condition) = inner { byClient = byClient ?? condition }
            } else if let byClient {
                inner = .byClient("the else of \(byClient)")
            } else {
                remark(.ignored, at: place, "else: conditions of the web server have no effect")
                inner = .nowhere("else")
            }
            tokens.skipNewlines()
            try tokens.expect("{")
            try statements(into: inner, untilBrace: true)
            isFirst = false
            let end = tokens.position
            tokens.skipNewlines()
            guard tokens.current.kind == .word,
                ["else", "elseif", "elif"].contains(tokens.current.text)
            else {
                tokens.position = end
                return
            }
            tokens.advance()
            if tokens.current.kind == .word, tokens.current.text == "if" { tokens.advance() }
            tokens.skipNewlines()
        }
    }

    private mutating func header(
        inside target: Target, isElse: Bool
    ) throws(LighttpdError) -> Target {
        let place = tokens.place
        try tokens.expect("$")
        guard tokens.current.kind == .word else {
            throw tokens.unexpected("SERVER, HTTP or REQUEST_HEADER")
        }
        var name = "$" + tokens.current.text
        tokens.advance()
        try tokens.expect("[")
        guard tokens.current.kind == .text else { throw tokens.unexpected("a text in quotes") }
        name += "[\"\(tokens.current.text)\"]"
        tokens.advance()
        try tokens.expect("]")
        let symbol = tokens.current.text
        guard tokens.current.kind == .symbol, ["==", "!=", "=~", "!~", "=^", "=$"].contains(symbol)
        else {
            throw tokens.unexpected("“==”")
        }
        tokens.advance()
        let value = try expression(in: target)
        guard let address = value.text else {
            throw LighttpdError(
                at: place, "\(name) is compared with \(value.shown), which is not text")
        }
        let whole = "\(name) \(symbol) \"\(address.prefix(60))\""
        if case .nowhere = target { return .nowhere(whole) }
        if ["$HTTP[\"remoteip\"]", "$HTTP[\"remote-ip\"]"].contains(name) {
            guard !["==", "!="].contains(symbol) || LighttpdAddress.isClient(address) else {
                throw LighttpdError(at: place, "invalid IP addr: \(address.prefix(60))")
            }
            return .byClient(whole)
        }
        if case .byClient = target { return .byClient(whole) }
        if name == "$SERVER[\"socket\"]", !LighttpdAddress.isSocket(address) {
            throw LighttpdError(at: place, "invalid IP addr: \(address.prefix(60))")
        }
        guard name == "$SERVER[\"socket\"]", symbol == "==" else {
            remark(.ignored, at: place, "\(whole): what stands in it has no effect")
            return .nowhere(whole)
        }
        if case .socket(let outer) = target, sockets[outer].address != address {
            remark(.ignored, at: place, "\(whole) within another socket's block is never true")
            return .nowhere(whole)
        }
        if let index = socketIndex[address] { return .socket(index) }
        socketIndex[address] = sockets.count
        sockets.append(LighttpdSocket(address: address, place: place, scope: [:]))
        return .socket(sockets.count - 1)
    }

    // MARK: Includes

    /// Programs are not run. Those that Debian's own file has are known: one lists MIME types, which are of
    /// no use here, and one says that the web server's port is served with IPv6, too.
    private mutating func includeShell(
        into target: Target, at place: String
    ) throws(LighttpdError) {
        let command = try expression(in: target).text ?? ""
        switch LighttpdShell(command) {
        case .mimeTypes?:
            return remark(
                .ignored, at: place, "include_shell \(command): MIME types are of the web server")
        case .ipv6(let port)?:
            guard case .global = target else { break }
            let address = "[::]:\(port)"
            remark(
                .differs, at: place, "include_shell \(command) is not run: its socket is \(address)"
            )
            guard hostEnvironment.hasIPv6, socketIndex[address] == nil else { return }
            socketIndex[address] = sockets.count
            var scope: LighttpdScope = [:]
            if port == 443 {
                scope["ssl.engine"] = LighttpdSetting(value: .text("enable"), place: place)
            }
            sockets.append(LighttpdSocket(address: address, place: place, scope: scope))
            return
        case nil: break
        }
        throw LighttpdError(
            at: place, "include_shell is not run; write its output into a file, and include that")
    }

    private mutating func include(into target: Target) throws(LighttpdError) {
        let place = tokens.place
        guard let pattern = try expression(in: target).text else {
            throw LighttpdError(at: place, "include takes a text in quotes")
        }
        let path = pattern.hasPrefix("/") ? pattern : "\(folder)/\(pattern)"
        var paths = hostEnvironment.files(path)
        if paths.isEmpty {
            guard path.contains(where: { "*?[".contains($0) }) else {
                throw LighttpdError(at: place, "there is no file \(path) to include")
            }
            paths = []
            remark(.suspicious, at: place, "no file is named \(path)")
        }
        for path in paths {
            switch hostEnvironment.file(path) {
            case .success(let text): try read(text, file: path, into: target)
            case .failure(let error):
                throw LighttpdError(at: place, "\(path): \(error.reason)")
            }
        }
    }

    // MARK: Values

    private mutating func expression(in target: Target) throws(LighttpdError) -> LighttpdValue {
        var value = try value(in: target)
        while tokens.isAt("+") {
            let place = tokens.place
            tokens.advance()
            tokens.skipNewlines()
            let next = try self.value(in: target)
            guard let sum = value.joined(with: next) else {
                throw LighttpdError(
                    at: place, "\(next.shown) cannot be added to \(value.shown)")
            }
            value = sum
        }
        return value
    }

    private mutating func value(in target: Target) throws(LighttpdError) -> LighttpdValue {
        let token = tokens.current
        switch token.kind {
        case .text:
            tokens.advance()
            return .text(token.text)
        case .number:
            guard let number = Int(token.text) else { throw tokens.unexpected("a smaller number") }
            tokens.advance()
            return .number(number)
        case .word:
            let place = tokens.place
            tokens.advance()
            return try variable(token.text, in: target, at: place)
        case .symbol where token.text == "(": return .list(try list(in: target))
        default: throw tokens.unexpected("a value")
        }
    }

    private mutating func list(in target: Target) throws(LighttpdError) -> [LighttpdEntry] {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else {
            throw LighttpdError(at: tokens.place, "lists are nested too deep")
        }
        try tokens.expect("(")
        var entries: [LighttpdEntry] = []
        while true {
            tokens.skipNewlines()
            if tokens.consume(")") { return entries }
            let first = try expression(in: target)
            tokens.skipNewlines()
            if tokens.consume("=>") {
                tokens.skipNewlines()
                guard let key = first.text ?? first.number.map({ String($0) }) else {
                    throw tokens.unexpected("a text in front of “=>”")
                }
                entries.append(LighttpdEntry(key: key, value: try expression(in: target)))
            } else {
                entries.append(LighttpdEntry(key: nil, value: first))
            }
            tokens.skipNewlines()
            guard tokens.consume(",") || tokens.isAt(")") else {
                throw tokens.unexpected("“,” or “)”")
            }
        }
    }

    /// `var.NAME`, `env.NAME`, or the value of a directive that stands above.
    private mutating func variable(
        _ name: String, in target: Target, at place: String
    ) throws(LighttpdError) -> LighttpdValue {
        if name.hasPrefix("env.") {
            let variable = String(name.dropFirst(4))
            guard let value = hostEnvironment.variable(variable) else {
                throw LighttpdError(at: place, "the environment has no \(variable)")
            }
            return .text(value)
        }
        if case .socket(let index) = target, let own = sockets[index].scope[name] {
            return own.value
        }
        if let setting = global[name] { return setting.value }
        switch name {
        case "var.CWD": return .text(hostEnvironment.absolute("."))
        case "true", "enable": return .text("enable")
        case "false", "disable": return .text("disable")
        default:
            // What a condition that does not count here has set is not known.
            switch target {
            case .nowhere, .byClient: return .text("")
            case .global, .socket: break
            }
            throw LighttpdError(
                at: place, "\(name) has no value; set it above, or put texts in quotes")
        }
    }
}
