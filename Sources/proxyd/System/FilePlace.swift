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

extension String {
    /// The directory of a file's path, without the slash at its end.
    var folderOfPath: String {
        guard let slash = lastIndex(of: "/") else { return "." }
        return slash == startIndex ? "/" : String(self[..<slash])
    }
}
