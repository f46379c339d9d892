internal import Shared

/// Which sessions are asked for, in which order.
struct SessionQuery: Sendable {
    struct ParseError: Error { let message: String }

    private(set) var filter: Filter?
    private(set) var order: SessionScan.Order?
    private(set) var limit = Int.max
    private(set) var offset = 0
    private(set) var isPreview = false

    /// The words behind the verb; `preview` is one of them where sessions are to be ended.
    init(words: [String], mayPreview: Bool = false) throws(ParseError) {
        var rest = words[...]
        while let word = rest.popFirst() {
            switch word {
            case "where":
                guard filter == nil else {
                    throw ParseError(message: "there is one “where” already")
                }
                filter = try Self.filter(&rest, until: mayPreview ? ["preview"] : Self.words)
            case "preview" where mayPreview:
                isPreview = true
            case "sort" where !mayPreview:
                order = try Self.order(rest.popFirst())
            case "limit" where !mayPreview:
                limit = try Self.number(rest.popFirst(), for: "limit")
            case "offset" where !mayPreview:
                offset = try Self.number(rest.popFirst(), for: "offset")
            default:
                let usage =
                    mayPreview
                    ? "where … [preview]" : "[where …] [sort FIELD] [limit N] [offset N]"
                throw ParseError(message: "“\(word.prefix(40))” is not expected here; \(usage)")
            }
        }
    }

    private static let words: Set = ["sort", "limit", "offset"]

    private static func filter(
        _ rest: inout ArraySlice<String>, until stops: Set<String>
    ) throws(ParseError) -> Filter {
        let count = Filter.wordCount(in: rest, until: stops)
        let words = Array(rest.prefix(count))
        rest = rest.dropFirst(count)
        do throws(Filter.ParseError) {
            return try Filter(
                words: words, fields: SessionField.names, aliases: SessionField.aliases)
        } catch {
            throw ParseError(message: "\(error)")
        }
    }

    private static func order(_ text: String?) throws(ParseError) -> SessionScan.Order {
        guard let text else { throw ParseError(message: "sort by which field?") }
        let isDescending = text.hasPrefix("-")
        let name = isDescending ? String(text.dropFirst()) : text
        guard let field = SessionField(named: name) else {
            throw ParseError(
                message: "no field “\(name.prefix(40))”; there are: "
                    + SessionField.names.joined(separator: " "))
        }
        return SessionScan.Order(field: field, isDescending: isDescending)
    }

    private static func number(_ text: String?, for word: String) throws(ParseError) -> Int {
        guard let text, let number = Int(text), number >= 0 else {
            throw ParseError(message: "\(word) takes a number, as in \(word) 50")
        }
        return number
    }

    /// What it means for the workers. The kernel is asked about every session only if that decides which are
    /// meant, or if all of them are shown.
    func scan(asOf: Instant) -> SessionScan {
        let (window, overflows) = offset.addingReportingOverflow(limit)
        return SessionScan(
            filter: filter, order: order, limit: limit == 0 ? 0 : overflows ? Int.max : window,
            asOf: asOf, wantsLegs: limit == Int.max || legsDecide)
    }

    /// The same for ending them.
    func cut(asOf: Instant) -> SessionScan {
        SessionScan(filter: filter, limit: 0, asOf: asOf, wantsLegs: legsDecide, cuts: true)
    }

    private var legsDecide: Bool {
        let filters = filter?.namedFields.contains { SessionField.all[$0].isOfLegs } ?? false
        return filters || order?.field.isOfLegs ?? false
    }
}
