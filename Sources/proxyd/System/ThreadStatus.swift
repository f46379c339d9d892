internal import CLinux
internal import Glibc

/// What a thread may do, in the kernel's own words (proc(5), `status`).
struct ThreadStatus: Equatable, Sendable {
    /// Real, effective, saved and file system.
    var users: [UInt32] = []
    var groups: [UInt32] = []
    var permitted = Capabilities()
    var effective = Capabilities()
    var inheritable = Capabilities()
    var ambient = Capabilities()
    var bounds = Capabilities()
    var getsNoNewOnes = false

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let words = line[line.index(after: colon)...].split { $0 == " " || $0 == "\t" }
            let set = words.first.flatMap { UInt64($0, radix: 16) }.map(Capabilities.init) ?? []
            switch line[..<colon] {
            case "Uid": users = words.compactMap { UInt32($0) }
            case "Gid": groups = words.compactMap { UInt32($0) }
            case "CapPrm": permitted = set
            case "CapEff": effective = set
            case "CapInh": inheritable = set
            case "CapAmb": ambient = set
            case "CapBnd": bounds = set
            case "NoNewPrivs": getsNoNewOnes = words.first == "1"
            default: break
            }
        }
    }
}

/// The threads of this process, looked at through a directory that was opened before a change of `/`.
final class ThreadListing {
    private let folder: FileDescriptor

    /// nil where the kernel's files are not mounted.
    init?() {
        let number = unsafe open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { return nil }
        folder = FileDescriptor(owning: number)
    }

    /// What each of them may do.
    func statuses() -> [ThreadStatus] {
        let copy = fcntl(folder.number, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { return [] }
        guard let directory = unsafe fdopendir(copy) else {
            _ = close(copy)
            return []
        }
        defer { unsafe closedir(directory) }
        unsafe rewinddir(directory)
        var statuses: [ThreadStatus] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard Int(name) != nil, let text = read("\(name)/status") else { continue }
            statuses.append(ThreadStatus(text))
        }
        return statuses
    }

    private func read(_ path: String) -> String? {
        let number = unsafe openat(folder.number, path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return nil }
        let file = FileDescriptor(owning: number)
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = unsafe Glibc.read(file.number, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }
}
