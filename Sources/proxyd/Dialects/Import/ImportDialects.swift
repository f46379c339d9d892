internal import Shared

/// HAProxy's files: translated, and not run.
enum HAProxyDialect: Dialect {
    static func read(
        _ call: DialectCall, in hostEnvironment: HostEnvironment
    ) throws(DialectError) -> DialectResult {
        let source = try ImportSource(call, in: hostEnvironment)
        do throws(ImportError) {
            var translation = HAProxyImport(
                try HAProxyFile(source.text, name: source.name, in: hostEnvironment),
                in: hostEnvironment)
            try translation.translate()
            return .run(
                DialectPlan(
                    configuration: translation.configuration, options: translation.options,
                    notes: translation.told.map(DialectNote.init)))
        } catch {
            throw source.refusal(error)
        }
    }
}

/// nginx's files, of which `stream` counts: translated, and not run.
enum NginxDialect: Dialect {
    static func read(
        _ call: DialectCall, in hostEnvironment: HostEnvironment
    ) throws(DialectError) -> DialectResult {
        let source = try ImportSource(call, in: hostEnvironment)
        do throws(ImportError) {
            var file = NginxFile(in: hostEnvironment, folder: source.name.folderOfPath)
            let directives = try file.read(source.text, name: source.name)
            var translation = NginxImport(
                directives, remarks: file.remarks, below: source.name.folderOfPath,
                in: hostEnvironment)
            try translation.translate()
            return .run(
                DialectPlan(
                    configuration: translation.configuration, options: translation.options,
                    notes: translation.told.map(DialectNote.init)))
        } catch {
            throw source.refusal(error)
        }
    }
}

/// The one file that an import is given.
private struct ImportSource {
    let name: String
    let text: String

    init(_ call: DialectCall, in hostEnvironment: HostEnvironment) throws(DialectError) {
        guard let file = call.arguments.first, call.arguments.count == 1, file != "--help",
            file != "-h"
        else {
            throw DialectError(
                "Usage: proxyd translate \(call.dialect.rawValue) FILE", status: 64)
        }
        name = file
        switch hostEnvironment.file(file) {
        case .success(let text): self.text = text
        case .failure(let error): throw DialectError("\(file): \(error.reason)", status: 66)
        }
    }

    func refusal(_ mistake: ImportError) -> DialectError {
        let place = mistake.place.isEmpty ? name : mistake.place
        return DialectError("\(place): \(mistake.problem)", status: 78)
    }
}
