internal import Glibc

/// The daemon's one voice: `subject event: reason`, a line each, on standard error.
enum Log {
    static func line(_ text: String) {
        var line = text.unicodeScalars.reduce(into: "proxyd: ") { line, scalar in
            // Whatever a peer or a file put into a name must not forge a line.
            line.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? "?" : scalar)
        }
        line += "\n"
        let bytes = Array(line.utf8)
        // Best effort: a full or closed standard error must not stop the proxy.
        _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
    }
}
