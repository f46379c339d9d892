internal import Glibc
internal import Shared

/// Whether a daemon would start, as far as that shows without opening, binding or writing anything.
enum StartRehearsal {
    static func check(
        _ configuration: Configuration, _ options: RunOptions
    ) throws(StartError) {
        try configuration.checkPaths()
        _ = try Privileges(
            configuration.privileges, keeping: Capabilities(neededBy: configuration))
        try PrivilegeAudit.check(configuration)
        if let chroot = configuration.privileges.chroot { try checkFolder(chroot, of: "chroot") }
        for service in configuration.services {
            for listener in service.listeners { try checkName(of: listener.endpoint) }
            for channel in service.groups.flatMap(\.channels) {
                try checkName(of: channel.endpoint)
            }
        }
        if case .file(let path) = configuration.log.error.target.place {
            try checkFile(path, of: "error log")
        }
        if let path = options.pidFile { try checkFile(path, of: "pid file") }
        _ = try TLSMaterial(configuration, after: TLSMaterial(), rereads: true)
    }

    private static func checkName(of endpoint: Endpoint) throws(StartError) {
        do throws(Resolver.Failure) {
            _ = try Resolver.resolveAll(endpoint)
        } catch {
            throw StartError(unresolved: endpoint, error)
        }
    }

    /// A file that can be written, or made.
    private static func checkFile(_ path: String, of thing: String) throws(StartError) {
        if unsafe access(path, F_OK) == 0 {
            guard unsafe access(path, W_OK) == 0 else { throw mistake(path, thing) }
        } else {
            guard unsafe access(path.folderOfPath, W_OK | X_OK) == 0 else {
                throw mistake(path, thing)
            }
        }
    }

    private static func checkFolder(_ path: String, of thing: String) throws(StartError) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw mistake(path, thing) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw mistake(path, thing, SystemError("stat", ENOTDIR))
        }
    }

    private static func mistake(
        _ path: String, _ thing: String, _ error: SystemError = SystemError("access")
    ) -> StartError {
        StartError(
            code: .system,
            message: "cannot use the \(thing) \(path): \(SystemError.words(for: error.number))")
    }
}
