internal import Glibc

/// What a command has to say, unbuffered: a pipe is read while we wait for the next line.
enum StandardOutput {
    static func write(_ text: String) { writeAll(text, to: STDOUT_FILENO) }
}

private func writeAll(_ text: String, to number: CInt) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = unsafe rest.withUnsafeBytes {
            unsafe Glibc.write(number, $0.baseAddress, $0.count)
        }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
    }
}

/// Messages for people, unbuffered.
enum StandardError {
    static func write(_ text: String) { writeAll(text, to: STDERR_FILENO) }
}
