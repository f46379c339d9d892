internal import Shared

/// One thing that is looked at closely, and what the daemon says about it.
struct Detail: Equatable, Sendable {
    /// A channel or a session.
    let subject: Subject
    /// As it was called when it was opened.
    let title: String
    /// The fields of `show channel` or `show session`, in the daemon's order.
    private(set) var fields: [(name: String, value: String)] = []
    private(set) var fault: String?
    /// The thing has ended or was removed; what is shown are its last values.
    private(set) var isGone = false

    init(_ subject: Subject, title: String) {
        self.subject = subject
        self.title = title
    }

    /// What to ask for; nil when the daemon has no such question.
    func request(_ catalog: CommandCatalog, _ snapshot: DaemonSnapshot?) -> Request? {
        switch subject {
        case .session(let id):
            return isGone ? nil : Request(words: ["show", "session", String(id)])
        case .channel(let serial):
            guard catalog.has("show channel"), let channel = snapshot?.channel(serial: serial)
            else {
                return nil
            }
            return Request(words: ["show", "channel", channel.path])
        default: return nil
        }
    }

    mutating func receive(_ table: Table?) {
        fault = nil
        fields = (table?.rows ?? []).compactMap { row in
            row.count > 1 ? (name: row[0], value: row[1]) : nil
        }
    }

    mutating func fail(_ code: Reply.ErrorCode, _ message: String) {
        if code == .notFound { isGone = true } else { fault = message }
    }

    static func == (left: Detail, right: Detail) -> Bool {
        left.subject == right.subject && left.isGone == right.isGone && left.fault == right.fault
            && left.fields.elementsEqual(right.fields) { $0 == $1 }
    }
}
