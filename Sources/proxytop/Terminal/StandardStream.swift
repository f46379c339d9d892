internal import Glibc

/// Standard output and standard error, for text for people.
enum StandardStream: CInt {
    case output = 1
    case error = 2

    /// False when the reader is gone.
    @discardableResult
    func write(_ text: String) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(rawValue, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            bytes = bytes.dropFirst(count)
        }
        return true
    }

    var isTerminal: Bool { isatty(rawValue) == 1 }
}
