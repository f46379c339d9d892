internal import CLinux
internal import Glibc

/// Where a file is, whatever directory we work in.
enum FilePlace {
    /// The same place from the root on; as it is when the working directory is gone.
    static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let here = unsafe getcwd(nil, 0) else { return path }
        defer { unsafe free(here) }
        let folder = unsafe String(cString: here)
        return folder == "/" ? "/\(path)" : "\(folder)/\(path)"
    }
}
