internal import Glibc

/// Files by the patterns of the shell (glob(3)).
enum Glob {
    /// Sorted; none when nothing is found, or a directory cannot be read.
    static func files(matching pattern: String) -> [String] {
        var found = unsafe glob_t()
        defer { unsafe globfree(&found) }
        guard unsafe glob(pattern, 0, nil, &found) == 0, let paths = unsafe found.gl_pathv else {
            return []
        }
        return unsafe (0..<Int(found.gl_pathc)).compactMap { index in
            unsafe paths[index].map { unsafe String(cString: $0) }
        }
    }
}
