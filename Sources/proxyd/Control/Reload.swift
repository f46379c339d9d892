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
        of daemon: any DaemonState & DaemonChanges, for role: Peer.Role,
        then finish: @escaping (Result<Configuration, ConfigurationEdit.Failure>) -> Void
    ) {
        read(daemon, for: role) { result in
            finish(result.map { Alignment.aligned($0, to: daemon.configuration) })
        }
    }

    private static func read(
        _ daemon: any DaemonState & DaemonChanges, for role: Peer.Role,
        then finish: @escaping (Result<Configuration, ConfigurationEdit.Failure>) -> Void
    ) {
        daemon.readFiles(daemon.configurationReader) { result in
            switch result {
            case .success(.success(let file?)): finish(.success(file))
            case .success(.success(nil)): finish(.failure(.init(.invalid, noFile)))
            case .success(.failure(let errors)):
                finish(.failure(.init(.invalid, words(errors, for: role))))
            case .failure(let failure) where role < .admin:
                finish(
                    .failure(
                        .init(failure.code, "the file cannot be read, and an admin is told why")))
            case .failure(let failure): finish(.failure(failure))
            }
        }
    }

    private static func words(_ errors: ConfigurationErrors, for role: Peer.Role) -> String {
        guard role < .admin, let first = errors.errors.first else { return errors.summary }
        return "the file cannot be taken, and an admin is told why: mistakes: "
            + "\(errors.errors.count), the first at \(first.location)"
    }

    /// `actor` is nil when a signal has asked for it.
    static func run(
        on daemon: any DaemonState & DaemonChanges, by actor: Actor?,
        then finish: @escaping (Result<Reload, ConfigurationEdit.Failure>) -> Void
    ) {
        read(daemon, for: .admin) { result in
            switch result {
            case .success(let file): take(file, on: daemon, by: actor, then: finish)
            case .failure(let failure): finish(.failure(failure))
            }
        }
    }

    private static func take(
        _ read: Configuration, on daemon: any DaemonState & DaemonChanges, by actor: Actor?,
        then finish: @escaping (Result<Reload, ConfigurationEdit.Failure>) -> Void
    ) {
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
    }
}
