/// Why the daemon does not start: what people read, and the exit code of sysexits(3head).
struct StartError: Error, Equatable {
    enum Code: Int32, Sendable {
        case unavailable = 69, system = 71, permission = 77, configuration = 78
    }

    let code: Code
    let message: String
}
