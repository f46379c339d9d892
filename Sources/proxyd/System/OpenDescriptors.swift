internal import CLinux
internal import Glibc

/// All descriptors that are open in this process, inherited ones too.
enum OpenDescriptors {
    /// Closes all but the standard streams and some others; before anything of ours is open.
    static func close(except kept: [CInt]) {
        for number in numbers where !kept.contains(number) { _ = Glibc.close(number) }
    }

    /// All but the standard streams.
    static var numbers: [CInt] {
        guard let directory = unsafe opendir("/proc/self/fd") else { return [] }
        defer { unsafe closedir(directory) }
        let own = unsafe dirfd(directory)
        var numbers: [CInt] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let number = CInt(name), number > STDERR_FILENO { numbers.append(number) }
        }
        return numbers.filter { $0 != own }
    }
}
