internal import Shared

/// Commands about the configuration file: what differs from it, taking it again, writing it.
enum FileCommands {
    static func showConfig(_ request: ControlRequest) {
        let configuration = request.state.configuration
        request.answer(rows: request.state.topology.channels.count) {
            let text = ConfigurationText.shown(configuration)
            return ReplyBody(text.split(separator: "\n").map(String.init))
        }
    }

    static func diff(_ request: ControlRequest) {
        withFile(request) { file in
            let running = request.state.configuration
            let rows = ConfigurationDifference(from: file, to: running).rows
            var table = Table(columns: ["path", "field", "file", "running"])
            for row in rows {
                table.append([
                    row.path, row.field, row.from ?? Table.absent, row.to ?? Table.absent,
                ])
            }
            request.answer(table)
        }
    }

    static func reload(_ request: ControlRequest) {
        Reload.run(on: request.daemon, by: request.peer.actor) { result in
            switch result {
            case .success(let reload):
                func list(_ words: [String]) -> String {
                    words.isEmpty ? Table.absent : words.joined(separator: ",")
                }
                request.answer(
                    reload.difference.table,
                    [
                        Reply.Attribute("restart", list(reload.later)),
                        Reply.Attribute("certificates", list(reload.certificates)),
                    ])
            case .failure(let mistake): request.refuse(mistake)
            }
        }
    }

    static func planReload(_ request: ControlRequest) {
        withFile(request) { file in
            let target = file.takingStartKeys(from: request.state.configuration)
            PlanCommand.answer(request, for: target, [], cuts: false)
        }
    }

    /// The file with the names that its things have while they run; refuses the request where it cannot be taken.
    private static func withFile(
        _ request: ControlRequest, _ use: @escaping (Configuration) -> Void
    ) {
        Reload.file(of: request.daemon, for: request.peer.role) { result in
            switch result {
            case .success(let file): use(file)
            case .failure(let failure): request.refuse(failure)
            }
        }
    }

    /// Written beside the old file first, and then put in its place, so that no reader sees half of it; the
    /// old one stays as FILE.bak.
    static func save(_ request: ControlRequest) {
        guard let path = request.state.file, path != "-" else {
            return request.refuse(.invalid, Reload.noFile)
        }
        request.changes.readFiles {
            Result { () throws(ConfigurationErrors) in
                try ConfigurationFile.load(path: path, isServing: true)
            }
        } then: { result in
            switch result {
            case .success(.success(let file)): save(request, over: file, at: path)
            case .success(.failure(let errors)):
                request.refuse(
                    .invalid,
                    "what is in the file now would be lost, as it cannot be read: \(errors.summary)"
                )
            case .failure(let failure): request.refuse(failure)
            }
        }
    }

    private static func save(
        _ request: ControlRequest, over file: Configuration, at path: String
    ) {
        let running = request.state.configuration
        var configuration = running
        // Options of the command line win over the file, but they are not written into it.
        configuration.control = file.control
        configuration.workers = file.workers
        configuration.stateFile = file.stateFile
        configuration.maxSessions = file.maxSessions
        configuration.metrics = file.metrics
        configuration.privileges = file.privileges
        let text =
            "# Written by “save” of proxyd; the file before it is \(path).bak.\n"
            + ConfigurationText.yaml(configuration)
        let lines = text.utf8.count(where: { $0 == 0x0A })
        request.changes.write(text, to: path) { error in
            if let error { return request.refuse(.invalid, "cannot save \(path): \(error)") }
            request.changes.live.written = running
            request.answer(
                [],
                [Reply.Attribute("file", path), Reply.Attribute("lines", String(lines))])
        }
    }

    static func planSave(_ request: ControlRequest) { diff(request) }
}
