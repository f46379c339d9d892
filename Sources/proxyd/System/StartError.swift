/// Why the daemon does not start: what people read, and the exit code of sysexits(3head).
struct StartError: Error, Equatable {
    enum Code: Int32, Sendable {
        case unavailable = 69, system = 71, permission = 77, configuration = 78
    }

    let code: Code
    let message: String
    /// What a dialect may want to say in other words.
    var cause: Cause?

    enum Cause: Equatable, Sendable {
        case unresolved(host: String)
        /// A listener's name does not resolve, and why.
        case unresolvedListener(words: String)
        /// A listener, and the error of bind(2) or listen(2).
        case listener(errno: Int32)
        /// The control socket, and why it cannot be put in its place, where something may be already.
        case control(path: String, errno: Int32, isOccupied: Bool)
    }

    init(code: Code, message: String, cause: Cause? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}
