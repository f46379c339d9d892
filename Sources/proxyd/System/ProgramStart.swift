internal import CLinux
internal import Glibc

/// Starts a program (posix_spawn(3)).
enum ProgramStart {
    /// `prepare` says which descriptors, signals and folder the program gets; it returns the result of each step.
    static func run(
        _ path: String, _ arguments: [String], _ environment: [String],
        prepare: (inout posix_spawn_file_actions_t, inout posix_spawnattr_t) -> [CInt]
    ) throws(SystemError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        var result = unsafe posix_spawn_file_actions_init(&actions)
        guard result == 0 else { throw SystemError("posix_spawn_file_actions_init", result) }
        defer { _ = unsafe posix_spawn_file_actions_destroy(&actions) }
        result = unsafe posix_spawnattr_init(&attributes)
        guard result == 0 else { throw SystemError("posix_spawnattr_init", result) }
        defer { _ = unsafe posix_spawnattr_destroy(&attributes) }
        if let failure = unsafe prepare(&actions, &attributes).first(where: { $0 != 0 }) {
            throw SystemError("posix_spawn", failure)
        }
        var process: pid_t = -1
        let argumentList = unsafe strings(arguments)
        let environmentList = unsafe strings(environment)
        defer { unsafe (argumentList + environmentList).forEach { unsafe free($0) } }
        result = unsafe posix_spawn(
            &process, path, &actions, &attributes, argumentList, environmentList)
        guard result == 0 else { throw SystemError("posix_spawn", result) }
        return process
    }

    /// No signal blocked and none ignored, as a program expects them.
    static func setSignals(_ attributes: inout posix_spawnattr_t, flags: CInt) -> CInt {
        var (none, all) = (sigset_t(), sigset_t())
        _ = unsafe sigemptyset(&none)
        _ = unsafe sigfillset(&all)
        let flags = flags | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        return unsafe [
            posix_spawnattr_setflags(&attributes, Int16(flags)),
            posix_spawnattr_setsigmask(&attributes, &none),
            posix_spawnattr_setsigdefault(&attributes, &all),
        ].first { $0 != 0 } ?? 0
    }

    /// What exec wants: pointers to strings, a null behind the last. The caller frees them.
    private static func strings(_ strings: [String]) -> [UnsafeMutablePointer<CChar>?] {
        unsafe strings.map { unsafe strdup($0) } + [nil]
    }
}
