internal import ArgumentParser

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
