/// The lines that were typed, kept from one run to the next in the state directory.
struct LineHistory: Sendable {
    /// More lines than this are not taken from the file.
    static let mostLines = 200
    private static let mostBytes = 256 << 10

    private let file: StateFile

    init() { file = StateFile(named: "history") }

    init(path: String) { file = StateFile(path: path) }

    /// The latest lines, the oldest first; none where there is no file.
    func read() -> [String] {
        let lines = (file.read(last: Self.mostBytes) ?? "").split(separator: "\n").map(String.init)
        return Array(lines.suffix(Self.mostLines))
    }

    func append(_ line: String) { file.append(line + "\n") }
}
