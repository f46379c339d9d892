internal import Foundation
internal import Glibc

/// The configuration file (architecture §6): YAML, read whole, with all its mistakes at once.
enum ConfigurationFile {
    static let mostBytes = 4 * 1024 * 1024

    /// Reads and judges a file; `-` stands for standard input.
    ///
    /// While the daemon runs it takes plain files only: a pipe would hold it up.
    static func load(path: String, isServing: Bool = false) throws(ConfigurationErrors)
        -> Configuration
    {
        let name = path == "-" ? "standard input" : path
        return try parse(text(path: path, isServing: isServing), name: name)
    }

    /// A file's text; `-` stands for standard input.
    static func text(
        path: String, isServing: Bool = false
    ) throws(ConfigurationErrors) -> String {
        let bytes = try isServing ? readPlain(path) : read(path)
        let name = path == "-" ? "standard input" : path
        guard bytes.count <= mostBytes else {
            throw failure(name, "the file has more than 4 MiB", "split the services among daemons")
        }
        // A path or an argument could not hold a NUL, and a value would end there for the kernel.
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw failure(name, "the file is not UTF-8 text", "save it as UTF-8")
        }
        return text
    }

    /// Judges a text; mistakes are located in `name`.
    static func parse(
        _ text: String, name: String
    ) throws(ConfigurationErrors) -> Configuration {
        // A byte order mark would count as a column.
        let text = text.hasPrefix("\u{FEFF}") ? String(text.unicodeScalars.dropFirst()) : text
        let root = try YAMLText.compose(text, fileName: name)
        var reader = FileReader(yaml: YAMLReader(fileName: name))
        let draft = reader.draft(of: YAMLValue(node: root, place: reader.yaml.place(of: root)))
        var validator = DraftValidator(diagnostics: reader.yaml.diagnostics)
        return try validator.configuration(from: draft)
    }

    private static func failure(
        _ location: String, _ problem: String, _ remedy: String?, isUnreadable: Bool = false
    ) -> ConfigurationErrors {
        ConfigurationErrors(
            errors: [ConfigurationError(location: location, problem: problem, remedy: remedy)],
            isUnreadable: isUnreadable)
    }

    /// At most one byte more than are allowed, so that an endless device is not read forever.
    private static func read(_ path: String) throws(ConfigurationErrors) -> Data {
        FileProgress.note(path)
        do {
            let file =
                path == "-"
                ? FileHandle.standardInput
                : try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            return try file.read(upToCount: mostBytes + 1) ?? Data()
        } catch {
            throw failure(path, "cannot be read: \(reason(error))", nil, isUnreadable: true)
        }
    }

    private static func readPlain(_ path: String) throws(ConfigurationErrors) -> Data {
        do throws(SystemError) {
            guard let bytes = try WholeFile.read(path, most: mostBytes) else {
                throw SystemError("open", ENOENT)
            }
            return Data(bytes)
        } catch  where error.number == EFBIG {
            return Data(count: mostBytes + 1)
        } catch {
            let reason =
                error.number == EINVAL
                ? "it is \(FileListing.noun(of: path)), not a regular file"
                : SystemError.words(for: error.number)
            throw failure(path, "cannot be read: \(reason)", nil, isUnreadable: true)
        }
    }

    /// The kernel's words: Foundation's own say “The operation could not be completed”.
    private static func reason(_ error: any Error) -> String {
        let error = error as NSError
        let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError ?? error
        guard cause.domain == NSPOSIXErrorDomain, let text = unsafe strerror(CInt(cause.code))
        else { return error.localizedDescription }
        return unsafe String(cString: text)
    }
}
