internal import CEdit
internal import Glibc

/// The line that is being typed at a terminal, with history and completion (libedit's editline(7)).
///
/// There is one per process, as libedit's terminal is.
final class LineEditor {
    enum Outcome: Equatable {
        case line(String)
        /// Ctrl-D, or the terminal has gone.
        case end
        /// Ctrl-C.
        case dropped
    }

    /// What the words before the cursor may become.
    private let complete: (String) -> Completion.Outcome

    /// nil when there is no editor to be had.
    init?(historySize: Int, complete: @escaping (String) -> Completion.Outcome) {
        self.complete = complete
        let client = unsafe Unmanaged.passUnretained(self).toOpaque()
        let result = unsafe cedit_open(
            "proxyd",
            { client, line, insertion in
                guard let client = unsafe client, let line = unsafe line else {
                    return CInt(CEDIT_NOTHING)
                }
                let editor = unsafe Unmanaged<LineEditor>.fromOpaque(client).takeUnretainedValue()
                switch editor.complete(unsafe String(cString: line)) {
                case .nothing: return CInt(CEDIT_NOTHING)
                case .insert(let text):
                    unsafe insertion?.pointee = unsafe strdup(text)
                    return CInt(CEDIT_INSERT)
                case .list(let words):
                    editor.show(words)
                    return CInt(CEDIT_LISTED)
                }
            }, client, CInt(clamping: historySize))
        guard result == 0 else { return nil }
    }

    deinit { cedit_close() }

    func remember(_ line: String) { unsafe cedit_add_history(line) }

    func readLine(prompt: String) -> Outcome {
        var line: UnsafeMutablePointer<CChar>?
        let result = unsafe cedit_read_line(prompt, &line)
        defer { unsafe free(line) }
        if result == CInt(CEDIT_DROPPED) { return .dropped }
        guard result == CInt(CEDIT_LINE), let line = unsafe line else { return .end }
        return .line(unsafe String(cString: line))
    }

    /// Below the line, in as many columns as the terminal has room for.
    private func show(_ words: [String]) {
        var size = winsize()
        let result = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size)
        let width = result == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
        print("\n" + Completion.columns(words, width: width))
        _ = fflush(nil)
    }
}
