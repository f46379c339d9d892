internal import Glibc
internal import Shared

extension HostEnvironment {
    /// This machine.
    static var real: HostEnvironment {
        HostEnvironment(
            variable: ProcessEnvironment.value(of:),
            file: { path in
                do throws(ConfigurationErrors) {
                    // A pipe that has no writer would never answer.
                    return .success(
                        try ConfigurationFile.text(path: path, isServing: path != "-"))
                } catch {
                    return .failure(Unreadable(reason: error.errors.first?.problem ?? "?"))
                }
            },
            files: Glob.files(matching:), kind: kind(of:), port: ServicePort.number(of:),
            address: address(of:),
            absolute: FilePlace.absolute, runtimeFolder: RuntimeFolder.path,
            hasIPv6: unsafe access("/proc/net/if_inet6", F_OK) == 0)
    }

    private static func address(of host: String) -> IPAddress? {
        guard let found = try? Resolver.resolveAll(.name(host, port: 0)) else { return nil }
        let addresses = found.compactMap {
            if case .ip(let address, _) = $0 { address } else { nil }
        }
        return addresses.first { if case .v4 = $0 { true } else { false } } ?? addresses.first
    }

    private static func kind(of path: String) -> Kind? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file(isExecutable: unsafe access(path, X_OK) == 0)
        case S_IFDIR: .folder
        default: .other
        }
    }
}
