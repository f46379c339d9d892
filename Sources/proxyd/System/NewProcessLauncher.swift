internal import CLinux
internal import Glibc

/// How this program was started, so that it can be started again the same way.
struct Invocation: Equatable, Sendable {
    /// Where the program is; another one may be put there meanwhile.
    var path: String
    /// With the program's own name in front.
    var arguments: [String]
    /// Where it was started, as arguments may name places from there.
    var directory: String?
    /// Descriptors that were open before us. The parent may wait until they are closed, as they are when the
    /// process ends.
    var inherited: [CInt] = []

    /// Of this process; to be asked at its start, before anything has changed.
    static func current(_ arguments: [String]) -> Invocation {
        let directory = FilePlace.absolute(".")
        return Invocation(
            path: path(of: arguments.first ?? ""), arguments: arguments,
            directory: directory.hasSuffix("/.") ? String(directory.dropLast(2)) : directory,
            inherited: OpenDescriptors.numbers)
    }

    /// The path that it was called by, if that leads to what runs: it may be a link that will lead to
    /// another program soon. Else where the kernel has found it.
    private static func path(of name: String) -> String {
        let running = identity(of: "/proc/self/exe")
        let folders = (ProcessEnvironment.value(of: "PATH") ?? "").split(separator: ":")
        let candidates =
            name.contains("/") ? [FilePlace.absolute(name)] : folders.map { "\($0)/\(name)" }
        if let running, let found = candidates.first(where: { identity(of: $0) == running }) {
            return found
        }
        var space = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &space, space.count)
        guard count > 0 else { return name }
        return String(decoding: space[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private struct Identity: Equatable {
        var device: UInt64
        var inode: UInt64
    }

    private static func identity(of path: String) -> Identity? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}

/// The process that takes our place: a child of ours that has our standard streams and one end of a
/// connection, and stays in our process group, as a terminal means both.
enum NewProcessLauncher {
    /// Its number of the connection.
    static let connection: CInt = 3

    /// Signals are as a program expects them, whatever we block.
    static func start(
        _ invocation: Invocation, environment: [String], connection: borrowing FileDescriptor
    ) throws(SystemError) -> pid_t {
        let number = connection.number
        let process = unsafe try ProgramStart.run(
            invocation.path, invocation.arguments, environment
        ) { actions, attributes in
            var steps = unsafe [
                posix_spawn_file_actions_adddup2(&actions, number, Self.connection),
                posix_spawn_file_actions_addclosefrom_np(&actions, Self.connection + 1),
                ProgramStart.setSignals(&attributes, flags: 0),
            ]
            if let directory = invocation.directory {
                unsafe steps.append(posix_spawn_file_actions_addchdir_np(&actions, directory))
            }
            return steps
        }
        Spawn.keep(process)
        return process
    }

    /// Ends it, and says how it has ended: by this, or before.
    static func end(_ process: pid_t) -> Spawn.End? {
        _ = kill(process, SIGKILL)
        return Spawn.waitForEnd(of: process)
    }
}
