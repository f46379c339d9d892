internal import Shared

/// Commands about sessions.
enum SessionCommands {
    static func show(_ request: ControlRequest) {
        let query: SessionQuery
        do throws(SessionQuery.ParseError) {
            query = try SessionQuery(words: request.words)
        } catch {
            return request.refuse(.usage, error.message)
        }
        let scan = query.scan(asOf: .now)
        SessionListing.gather(scan, offset: query.offset, of: request.daemon) { found in
            request.answer(rows: found.records.count, attributes(of: found)) {
                ReplyBody(table(of: found).lines)
            }
        }
    }

    static func showOne(_ request: ControlRequest) {
        guard request.words.count == 1, let id = UInt64(request.words[0]) else {
            return request.refuse(.usage, "show session ID, with an id of “show sessions”")
        }
        let worker = Int(id % UInt64(request.state.share.workers.count))
        request.queries.ask(worker: worker, { .showSession(id: id, question: $0) }) { answers in
            guard case .session(let detail?) = answers.first else {
                return request.refuse(.notFound, "no session \(id); it may have ended")
            }
            request.answer(detail.table)
        }
    }

    static func kill(_ request: ControlRequest) {
        guard request.words.count == 1, let id = UInt64(request.words[0]) else {
            return request.refuse(.usage, "kill session ID, with an id of “show sessions”")
        }
        request.queries.ask({ .cutSession(id: id, question: $0) }) { answers in
            guard answers.cutCount > 0 else {
                return request.refuse(.notFound, "no session \(id); it may have ended")
            }
            request.changes.emit(
                Event(
                    .notice, .cut, of: .session(id), by: request.peer.actor,
                    line: "session \(id) cut: by \(request.peer.actor)"))
            request.answer([], [Reply.Attribute("cut", String(answers.cutCount))])
        }
    }

    /// `kill sessions where … [preview]`: a session that matches when its worker looks at it is ended
    /// right then, so a session that became active again is not cut.
    static func killMany(_ request: ControlRequest) {
        let query: SessionQuery
        do throws(SessionQuery.ParseError) {
            query = try SessionQuery(words: request.words, mayPreview: true)
        } catch {
            return request.refuse(.usage, error.message)
        }
        guard query.filter != nil else {
            return request.refuse(
                .usage,
                "kill sessions where FIELD OP VALUE [preview], as in "
                    + "kill sessions where channel = mail/0/2 and idle > 10m preview")
        }
        let scan = query.isPreview ? query.scan(asOf: .now) : query.cut(asOf: .now)
        SessionListing.gather(scan, of: request.daemon) { found in
            let count = query.isPreview ? 0 : found.matched
            let attributes = [Reply.Attribute("cut", String(count))] + attributes(of: found)
            guard !query.isPreview else { return request.answer(table(of: found), attributes) }
            if count > 0 {
                let condition = String(request.words.joined(separator: " ").prefix(200))
                request.changes.emit(
                    Event(
                        .notice, .cut, of: Event.Subject(kind: .session), because: condition,
                        by: request.peer.actor,
                        line: "\(count) sessions cut \(condition): by \(request.peer.actor)"))
            }
            request.answer([], attributes)
        }
    }

    static func table(of found: SessionTally.Found) -> Table {
        var table = Table(columns: SessionField.names)
        for record in found.records { table.append(record.row) }
        return table
    }

    private static func attributes(of found: SessionTally.Found) -> [Reply.Attribute] {
        [
            Reply.Attribute("matched", String(found.matched)),
            Reply.Attribute("total", String(found.total)),
        ]
    }
}
