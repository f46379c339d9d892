internal import Glibc

/// A file that answers are written to as they come, readable by its owner only.
struct RecordingFile: ~Copyable {
    struct Failure: Error, Equatable {
        var reason: String
    }

    /// Past this the file becomes PATH.1, in place of an older one, and a new one begins.
    static let mostBytes = 64 << 20

    private let path: String
    private let limit: Int
    private var descriptor: CInt
    private var byteCount: Int
    private var redaction: Redaction?
    /// What a new file begins with, so that it can be shown without the one before.
    private var opening: [ReplayBuffer.Entry] = []

    /// Opens the file, or goes on with one that is there.
    init(path: String, isRedacted: Bool, limit: Int = RecordingFile.mostBytes) throws(Failure) {
        let descriptor = try Self.open(path, O_APPEND)
        do throws(Failure) {
            try Self.put(Array((Recording.firstLine + "\n").utf8), to: descriptor)
        } catch {
            close(descriptor)
            throw error
        }
        self.path = path
        self.limit = limit
        self.descriptor = descriptor
        byteCount = Int(lseek(descriptor, 0, CInt(SEEK_END)))
        redaction = isRedacted ? Redaction() : nil
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    private static func open(_ path: String, _ flags: CInt) throws(Failure) -> CInt {
        let all = flags | O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = unsafe Glibc.open(path, all, 0o600)
        guard descriptor >= 0 else { throw Failure(reason: words(for: errno)) }
        return descriptor
    }

    private static func words(for number: CInt) -> String {
        switch number {
        case EEXIST: "it is there already; choose another name"
        case ENOENT: "no such directory"
        case EACCES, EPERM: "not permitted"
        case ENOSPC: "the disk is full"
        case ELOOP: "it is a symbolic link"
        default: "error \(number)"
        }
    }

    /// Adds an answer. After a failure there is nothing more to be done with the file.
    mutating func append(_ entry: ReplayBuffer.Entry) throws(Failure) {
        if entry.words == ["hello"] { opening = [] }
        if entry.words == ["hello"] || entry.words == ["describe"] { opening.append(entry) }
        if byteCount > limit, entry.words == ReplayBuffer.firstOfRound { try turnOver() }
        redaction?.learn(entry)
        try put(Recording.text(of: redaction?.redacted(entry) ?? entry))
    }

    private mutating func turnOver() throws(Failure) {
        _ = unsafe rename(path, path + ".1")
        close(descriptor)
        descriptor = -1
        descriptor = try Self.open(path, O_EXCL)
        byteCount = 0
        var text = Recording.firstLine + "\n"
        for entry in opening { text += Recording.text(of: redaction?.redacted(entry) ?? entry) }
        try put(text)
    }

    private mutating func put(_ text: String) throws(Failure) {
        let bytes = Array(text.utf8)
        try Self.put(bytes, to: descriptor)
        byteCount += bytes.count
    }

    private static func put(_ bytes: [UInt8], to descriptor: CInt) throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            guard count > 0 else {
                if count < 0, errno == EINTR { continue }
                throw Failure(reason: words(for: errno))
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Writes a new file; one that is there already is left alone.
    static func write(_ text: String, to path: String) throws(Failure) {
        let descriptor = try open(path, O_EXCL)
        defer { close(descriptor) }
        try put(Array(text.utf8), to: descriptor)
    }

    /// The whole file, for a replay.
    static func read(_ path: String) throws(Failure) -> [UInt8] {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw Failure(reason: errno == ENOENT ? "no such file" : words(for: errno))
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            guard count >= 0 else { throw Failure(reason: words(for: errno)) }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= Recording.mostBytes else {
                throw Failure(reason: "more than \(Recording.mostBytes >> 20) MiB")
            }
        }
    }
}
