internal import Glibc
internal import Shared

/// A file with our process id, locked as long as we live, so that a stale one differs from one in use
/// whatever process has the number by now.
final class PIDFile {
    private let file: FileDescriptor
    private let path: String
    /// Whether it is ours: an initialiser that throws ends here too, and another daemon's stays.
    private var isOurs = false

    /// Refused while another process holds it; a dead one's is taken over.
    init(at path: String) throws(StartError) {
        self.path = path
        let number = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode_t(0o644))
        guard number >= 0 else {
            let error = SystemError("open")
            throw StartError(
                code: error.number == EACCES ? .permission : .system,
                message: "cannot write the pid file \(path): \(error); name another with --pid-file"
            )
        }
        file = FileDescriptor(owning: number)
        guard flock(number, LOCK_EX | LOCK_NB) == 0 else {
            throw StartError(
                code: .unavailable,
                message:
                    "the pid file \(path) belongs to process \(Self.text(of: file)), which runs; "
                    + "end it, or name another with --pid-file")
        }
        isOurs = true
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(number, 0) == 0, unsafe pwrite(number, text, text.count, 0) == text.count
        else {
            let error = SystemError("write")
            throw StartError(
                code: .system, message: "cannot write the pid file \(path): \(error)")
        }
    }

    /// A dead one's no more, and not yet ours: another process has the lock, and gives it to us.
    init(adopting number: CInt, at path: String) {
        self.path = path
        file = FileDescriptor(owning: number)
    }

    /// For the process that takes our place, with its lock.
    var number: CInt { file.number }

    /// Another process's from now on.
    func giveAway() { isOurs = false }

    /// Ours from now on.
    func takeOver() {
        isOurs = true
        let text = Array("\(getpid())\n".utf8)
        // Never empty in between: a reader finds one number or the other.
        _ = unsafe pwrite(file.number, text, text.count, 0)
        _ = ftruncate(file.number, off_t(text.count))
    }

    private static func text(of file: borrowing FileDescriptor) -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = unsafe pread(file.number, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(0, count)).prefix { (0x30...0x39).contains($0) }
        return digits.isEmpty ? "of an unknown number" : String(decoding: digits, as: UTF8.self)
    }

    /// Takes it away while we still hold the lock, so that no other one's is meant.
    deinit { remove() }

    /// Who may not take it away any more leaves it empty.
    func remove() {
        guard isOurs else { return }
        isOurs = false
        if unsafe unlink(path) != 0 { _ = ftruncate(file.number, 0) }
    }
}
