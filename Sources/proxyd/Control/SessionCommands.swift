internal import Shared

/// Commands about sessions.
enum SessionCommands {
    static func show(_ request: ControlRequest) {
        let query: SessionQuery
        do throws(SessionQuery.Mistake) {
            query = try SessionQuery(words: request.words)
        } catch {
            return request.refuse(.usage, error.message)
        }
        SessionListing(of: request.daemon).gather { rows in
            let selection = query.select(from: rows)
            var table = Table(columns: SessionSnapshot.columns)
            for row in selection.rows { table.append(row) }
            request.answer(
                table,
                [
                    Reply.Attribute("matched", String(selection.matched)),
                    Reply.Attribute("total", String(rows.count)),
                ])
        }
    }

    static func kill(_ request: ControlRequest) {
        guard request.words.count == 1, let id = UInt64(request.words[0]) else {
            return request.refuse(.usage, "kill session ID, with an id of “show sessions”")
        }
        request.daemon.ask({ .cutSession(id: id, question: $0) }) { answers in
            guard answers.cutCount > 0 else {
                return request.refuse(.notFound, "no session \(id); it may have ended")
            }
            request.daemon.tell(
                Event(
                    .notice, .cut, of: .session(id), by: request.peer.actor,
                    line: "session \(id) cut: by \(request.peer.actor)"))
            request.answer([], [Reply.Attribute("cut", String(answers.cutCount))])
        }
    }
}

/// Which sessions are asked for, in which order.
struct SessionQuery: Sendable {
    struct Mistake: Error { let message: String }

    private(set) var filter: Filter?
    private(set) var sortColumn: Int?
    private(set) var isDescending = false
    private(set) var limit = Int.max
    private(set) var offset = 0

    init(words: [String]) throws(Mistake) {
        let columns = SessionSnapshot.columns
        var rest = words[...]
        while let word = rest.popFirst() {
            switch word {
            case "where":
                let count = Filter.wordCount(in: rest, until: ["sort", "limit", "offset"])
                do throws(Filter.Mistake) {
                    filter = try Filter(words: Array(rest.prefix(count)), fields: columns)
                } catch {
                    throw Mistake(message: "\(error)")
                }
                rest = rest.dropFirst(count)
            case "sort":
                guard let text = rest.popFirst() else {
                    throw Mistake(message: "sort by which field?")
                }
                isDescending = text.hasPrefix("-")
                let name = isDescending ? String(text.dropFirst()) : text
                guard let column = columns.firstIndex(of: name) else {
                    throw Mistake(
                        message: "no field “\(name.prefix(40))”; there are: "
                            + columns.joined(separator: " "))
                }
                sortColumn = column
            case "limit":
                limit = try Self.number(rest.popFirst(), for: "limit")
            case "offset":
                offset = try Self.number(rest.popFirst(), for: "offset")
            default:
                throw Mistake(
                    message: "“\(word.prefix(40))” is not expected here; "
                        + "[where …] [sort FIELD] [limit N] [offset N]")
            }
        }
    }

    private static func number(_ text: String?, for word: String) throws(Mistake) -> Int {
        guard let text, let number = Int(text), number >= 0 else {
            throw Mistake(message: "\(word) takes a number, as in \(word) 50")
        }
        return number
    }

    /// The rows that are meant, in order, and how many matched before the window was cut out.
    func select(from rows: [[String]]) -> (rows: ArraySlice<[String]>, matched: Int) {
        var matching = filter.map { filter in rows.filter { filter.matches($0) } } ?? rows
        if let sortColumn {
            matching.sort { left, right in
                let (first, second) = isDescending ? (right, left) : (left, right)
                return Self.isBefore(first[sortColumn], second[sortColumn])
            }
        }
        return (matching.dropFirst(offset).prefix(limit), matching.count)
    }

    /// Numbers by size, texts by their letters, numbers before texts.
    private static func isBefore(_ left: String, _ right: String) -> Bool {
        switch (UInt64(left), UInt64(right)) {
        case (let left?, let right?): left < right
        case (_?, nil): true
        case (nil, _?): false
        case (nil, nil): left < right
        }
    }
}

/// Gathers the rows of all sessions from the workers, a slice of slots at a time, so that none of them is
/// held up.
final class SessionListing {
    private let daemon: any Daemon
    private var rows: [[String]] = []
    private var finish: ([[String]]) -> Void = { _ in }

    private static let slotsAtOnce = 256

    init(of daemon: any Daemon) { self.daemon = daemon }

    func gather(then finish: @escaping ([[String]]) -> Void) {
        self.finish = finish
        ask(worker: 0, from: 0)
    }

    private func ask(worker: Int, from slot: Int) {
        guard worker < daemon.share.workers.count else { return finish(rows) }
        let slots = slot..<slot + Self.slotsAtOnce
        daemon.ask(
            worker: worker, { .listSessions(slots: slots, question: $0) },
            then: { [self] answers in
                guard case .sessions(let records, let slotCount) = answers.first else {
                    return ask(worker: worker + 1, from: 0)
                }
                rows.append(contentsOf: records.map(\.snapshot.row))
                if slots.upperBound < slotCount {
                    ask(worker: worker, from: slots.upperBound)
                } else {
                    ask(worker: worker + 1, from: 0)
                }
            })
    }
}
