/// What `run` knows besides the configuration.
struct RunOptions: Equatable, Sendable {
    /// The file to read again on reload; nil: the command line was the configuration.
    var file: String?
    /// The options given beside the file, which win over it at every reload too.
    var overrides = NativeCommandLine()

    /// Reads the configuration again, as at the start; nil without a file.
    func reload() throws(ConfigurationErrors) -> Configuration? {
        guard let file else { return nil }
        var configuration = try ConfigurationFile.load(path: file)
        try overrides.apply(to: &configuration)
        return configuration
    }
}
