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
        /// A listener, and the error of bind(2) or listen(2).
        case listener(errno: Int32)
    }

    init(code: Code, message: String, cause: Cause? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}

extension RunOptions {
    /// What the program ends with: a dialect keeps its original's.
    func status(of error: StartError) -> ExitStatus {
        guard let exits = dialect?.exits else { return ExitStatus(rawValue: error.code.rawValue) }
        return switch error.code {
        case .unavailable: ExitStatus(rawValue: exits.unavailable)
        case .system: ExitStatus(rawValue: exits.system)
        case .permission: ExitStatus(rawValue: exits.permission)
        case .configuration: ExitStatus(rawValue: exits.configuration)
        }
    }
}
