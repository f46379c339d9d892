internal import ArgumentParser
internal import Shared

/// `proxyd check FILE`.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Read a configuration file and tell every mistake in it.",
        discussion:
            "Exits with 0 when the file is good, 78 when it is not, 66 when it cannot be read.")

    @Argument(help: ArgumentHelp("The file; - reads standard input.", valueName: "file"))
    var file: String

    func run() throws {
        let configuration: Configuration
        do throws(ConfigurationErrors) {
            configuration = try ConfigurationFile.load(path: file)
        } catch {
            StandardError.write(error)
            return try (error.isUnreadable ? ExitStatus.noInput : .configuration).finish()
        }
        try checkFiles(of: configuration)
        try checkLoops(of: configuration)
        print("\(file == "-" ? "standard input" : file): good: \(configuration.summary)")
    }

    /// Certificates and keys are tried as they would be at the start.
    private func checkFiles(of configuration: Configuration) throws {
        do throws(StartError) {
            _ = try TLSMaterial(configuration, after: TLSMaterial(), rereads: true)
        } catch {
            StandardError.write("proxyd: \(error.message)\n")
            try ExitStatus(rawValue: error.code.rawValue).finish()
        }
    }

    /// The daemon would start, and keep clients out of what leads back to it.
    private func checkLoops(of configuration: Configuration) throws {
        let loops = configuration.loops(
            addresses: { endpoint in
                switch endpoint {
                case .name: (try? Resolver.resolveAll(endpoint)) ?? []
                case .ip, .unix: [endpoint]
                }
            }, isOwn: Socket.isOwn)
        guard !loops.isEmpty else { return }
        for loop in loops { StandardError.write("proxyd: \(loop.message)\n") }
        try ExitStatus.configuration.finish()
    }
}

extension Configuration {
    /// `1 service, 2 listeners, 2 groups, 3 channels`.
    var summary: String {
        let groups = services.flatMap(\.groups)
        let counts = [
            (services.count, "service"), (services.flatMap(\.listeners).count, "listener"),
            (groups.count, "group"), (groups.flatMap(\.channels).count, "channel"),
        ]
        return counts.map { "\($0) \($1)\($0 == 1 ? "" : "s")" }.joined(separator: ", ")
    }
}
