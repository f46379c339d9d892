internal import Glibc

/// Messages for people, unbuffered.
enum StandardError {
    static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(2, $0.baseAddress, $0.count)
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// One line per mistake.
    static func tell(_ errors: ConfigurationErrors) {
        for error in errors.errors { write("proxyd: \(error)\n") }
    }
}
