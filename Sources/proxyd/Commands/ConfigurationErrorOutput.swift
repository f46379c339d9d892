extension StandardError {
    /// One line per error.
    static func write(_ errors: ConfigurationErrors) {
        for error in errors.errors { write("proxyd: \(error)\n") }
    }
}
