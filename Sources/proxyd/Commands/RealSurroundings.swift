internal import Glibc

extension Surroundings {
    /// This machine.
    static var real: Surroundings {
        Surroundings(
            variable: ProcessEnvironment.value(of:),
            file: { path in
                do throws(ConfigurationErrors) {
                    return .success(try ConfigurationFile.text(path: path))
                } catch {
                    return .failure(Unreadable(reason: error.errors.first?.problem ?? "?"))
                }
            },
            files: Glob.files(matching:), kind: kind(of:), port: ServicePort.number(of:),
            absolute: FilePlace.absolute, runtimeFolder: RuntimeFolder.path,
            hasIPv6: unsafe access("/proc/net/if_inet6", F_OK) == 0)
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
