/// All the mistakes of a file or a command line at once, in the order in which they stand there.
struct ConfigurationErrors: Error, Equatable {
    /// More than so many are not worth reading: the first ones often cause the rest.
    static let most = 20

    var errors: [ConfigurationError]
    /// There was nothing to judge, because the file could not be read.
    var isUnreadable = false
}
