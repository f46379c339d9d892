internal import Shared

/// Takes the configuration file again. What did not change in it is not touched, what takes a restart is
/// named, and a bad file changes nothing.
struct Reload {
    let difference: ConfigurationDifference
    /// Keys of which another value is of no effect before the next start.
    let later: [String]
    /// Listeners and channels whose certificates were read again and are others.
    var certificates: [String] = []

    static let noFile =
        "the daemon was started without a file; “show config” prints one that would do the same"

    /// The file, with the names that its things have while they run.
    ///
    /// Other roles than admin learn where the file is wrong, and nothing of its text.
    static func file(
        of daemon: any DaemonState & DaemonChanges, for role: Peer.Role
    ) throws(ConfigurationEdit.Failure) -> Configuration {
        Alignment.aligned(try read(daemon, for: role), to: daemon.configuration)
    }

    private static func read(
        _ daemon: any DaemonState & DaemonChanges, for role: Peer.Role
    ) throws(ConfigurationEdit.Failure) -> Configuration {
        do throws(ConfigurationErrors) {
            guard let file = try daemon.reload() else {
                throw ConfigurationErrors(errors: [])
            }
            return file
        } catch {
            guard let first = error.errors.first else { throw .init(.invalid, noFile) }
            guard role < .admin else { throw .init(.invalid, error.summary) }
            throw .init(
                .invalid,
                "the file cannot be taken, and an admin is told why: mistakes: "
                    + "\(error.errors.count), the first at \(first.location)")
        }
    }

    /// `actor` is nil when a signal has asked for it.
    static func run(
        on daemon: any DaemonState & DaemonChanges, by actor: Actor?,
        then finish: @escaping (Result<Reload, ConfigurationEdit.Failure>) -> Void
    ) {
        do throws(ConfigurationEdit.Failure) {
            let read = try read(daemon, for: .admin)
            let file = Alignment.aligned(read, to: daemon.configuration)
            let later = file.whatTakesARestart(from: daemon.configuration)
            daemon.live.change(
                ChangeRequest(
                    edit: { running in file.takingStartKeys(from: running) }, actor: actor,
                    rereads: true
                ) { result in
                    if case .success = result {
                        daemon.fileAsTaken = read
                        daemon.live.written = file
                    }
                    finish(
                        result.map {
                            Reload(
                                difference: $0.difference, later: later,
                                certificates: $0.certificates)
                        })
                })
        } catch {
            finish(.failure(error))
        }
    }
}
