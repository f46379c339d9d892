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
    static func file(of daemon: any Daemon) throws(ConfigurationEdit.Failure) -> Configuration {
        Alignment.aligned(try read(daemon), to: daemon.configuration)
    }

    private static func read(
        _ daemon: any Daemon
    ) throws(ConfigurationEdit.Failure) -> Configuration {
        do throws(ConfigurationErrors) {
            guard let file = try daemon.reload() else {
                throw ConfigurationErrors(errors: [])
            }
            return file
        } catch {
            throw .init(.invalid, error.errors.isEmpty ? noFile : error.summary)
        }
    }

    /// `actor` is nil when a signal has asked for it.
    static func run(
        on daemon: any Daemon, by actor: Actor?,
        then finish: @escaping (Result<Reload, ConfigurationEdit.Failure>) -> Void
    ) {
        do throws(ConfigurationEdit.Failure) {
            let read = try read(daemon)
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

extension Configuration {
    /// With what is decided when a daemon starts, and stays, from another configuration.
    func takingStartKeys(from other: Configuration) -> Configuration {
        var configuration = self
        configuration.control = other.control
        configuration.workers = other.workers
        configuration.stateFile = other.stateFile
        configuration.metrics = other.metrics
        configuration.privileges = other.privileges
        return configuration
    }

    /// The keys of which another value is of no effect yet.
    func whatTakesARestart(from running: Configuration) -> [String] {
        let kept = takingStartKeys(from: running)
        return ConfigurationDifference(from: kept, to: self).rows.map(\.field)
    }
}
