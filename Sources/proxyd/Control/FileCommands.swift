internal import Shared

/// Commands about the configuration file: what differs from it, taking it again, writing it.
enum FileCommands {
    static func showConfig(_ request: ControlRequest) {
        let text = ConfigurationText.yaml(request.daemon.configuration)
        request.answer(text.split(separator: "\n").map(String.init))
    }

    static func diff(_ request: ControlRequest) {
        guard let file = aligned(request) else { return }
        let running = request.daemon.configuration
        let rows = ConfigurationDifference(from: file, to: running).rows
        var table = Table(columns: ["path", "field", "file", "running"])
        for row in rows {
            table.append([row.path, row.field, row.from ?? Table.absent, row.to ?? Table.absent])
        }
        request.answer(table)
    }

    /// What did not change in the file is not touched; what takes a restart is named.
    static func reload(_ request: ControlRequest) {
        guard let file = aligned(request) else { return }
        let running = request.daemon.configuration
        let later = file.whatTakesARestart(from: running)
        request.daemon.live.change(
            ChangeRequest(
                edit: { running in file.keepingWhatTakesARestart(of: running) },
                actor: request.peer.actor
            ) { result in
                guard case .success(let result) = result else {
                    return request.answer(changed: result)
                }
                request.answer(
                    result.difference.table,
                    [
                        Reply.Attribute(
                            "restart", later.isEmpty ? Table.absent : later.joined(separator: ","))
                    ])
            })
    }

    static func planReload(_ request: ControlRequest) {
        guard let file = aligned(request) else { return }
        let target = file.keepingWhatTakesARestart(of: request.daemon.configuration)
        PlanCommand.answer(request, for: target, [], cuts: false)
    }

    /// The file with the names that its things have while they run; nil once it was refused.
    private static func aligned(_ request: ControlRequest) -> Configuration? {
        do throws(ConfigurationErrors) {
            guard let file = try request.daemon.reload() else {
                request.refuse(.invalid, noFile)
                return nil
            }
            return Alignment.aligned(file, to: request.daemon.configuration)
        } catch {
            request.refuse(.invalid, error.summary)
            return nil
        }
    }

    private static let noFile =
        "the daemon was started without a file; “show config” prints one that would do the same"

    /// Written beside the old file first, and then put in its place, so that nobody reads half of it; the
    /// old one stays as FILE.bak.
    static func save(_ request: ControlRequest) {
        guard let path = request.daemon.file, path != "-" else {
            return request.refuse(.invalid, noFile)
        }
        var configuration = request.daemon.configuration
        do throws(ConfigurationErrors) {
            // Options of the command line win over the file, but they are not written into it.
            let file = try ConfigurationFile.load(path: path)
            configuration.control = file.control
            configuration.workers = file.workers
            configuration.maxSessions = file.maxSessions
            configuration.metrics = file.metrics
        } catch {
            return request.refuse(
                .invalid,
                "what is in the file now would be lost, as it cannot be read: \(error.summary)")
        }
        let text =
            "# Written by “save” of proxyd; the file before it is \(path).bak.\n"
            + ConfigurationText.yaml(configuration)
        let lines = text.utf8.count(where: { $0 == 0x0A })
        request.daemon.write(text, to: path) { error in
            if let error { return request.refuse(.invalid, "cannot save \(path): \(error)") }
            request.answer(
                [],
                [Reply.Attribute("file", path), Reply.Attribute("lines", String(lines))])
        }
    }

    static func planSave(_ request: ControlRequest) { diff(request) }
}

extension Configuration {
    /// What was decided when the daemon started, and stays.
    func keepingWhatTakesARestart(of running: Configuration) -> Configuration {
        var configuration = self
        configuration.control = running.control
        configuration.workers = running.workers
        configuration.metrics = running.metrics
        return configuration
    }

    /// The keys of which another value is of no effect yet.
    func whatTakesARestart(from running: Configuration) -> [String] {
        let kept = keepingWhatTakesARestart(of: running)
        return ConfigurationDifference(from: kept, to: self).rows.map(\.field)
    }
}
