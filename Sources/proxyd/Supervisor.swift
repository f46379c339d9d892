/// The daemon's main thread.
enum Supervisor {
    static func run(configuration: Configuration, options: RunOptions) -> ExitStatus {
        StandardError.write("proxyd: not built yet\n")
        return .software
    }
}
