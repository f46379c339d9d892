/// Why TLS cannot be had as it is asked for: what is wrong, and where, for people.
struct TLSError: Error, Equatable {
    let message: String
    /// A file is there, and may not be read.
    var isForbidden = false

    init(_ message: String, isForbidden: Bool = false) {
        self.message = message
        self.isForbidden = isForbidden
    }
}
