import Glibc
import Testing

@testable import proxyd

@Suite("The history of commands")
struct HistoryFileTests {
    private let folder: TestFolder
    private let file: HistoryFile

    init() throws {
        folder = try TestFolder()
        file = HistoryFile(path: folder.file("history"))
    }

    private var mode: UInt32 {
        var status = stat()
        _ = unsafe lstat(file.path, &status)
        return status.st_mode & 0o777
    }

    @Test(
        "it is in the state directory, which is in the home unless told otherwise",
        arguments: [
            ("/s", "/h", "/s/proxyd/ctl_history"),
            (nil, "/h", "/h/.local/state/proxyd/ctl_history"),
            ("relative", "/h", "/h/.local/state/proxyd/ctl_history"),
            ("", "", nil), (nil, nil, nil),
        ] as [(String?, String?, String?)])
    func path(state: String?, home: String?, path: String?) {
        #expect(HistoryFile.path(state: state, home: home) == path)
    }

    @Test("what was typed is there the next time, for nobody else to read")
    func kept() throws {
        #expect(file.load().isEmpty)
        file.append("show channels")
        file.append("drain mail/ü")
        #expect(file.load() == ["show channels", "drain mail/ü"])
        #expect(mode == 0o600)
        _ = unsafe chmod(file.path, 0o644)
        file.append("hello")
        #expect(mode == 0o600)
        file.append(String(repeating: "x", count: 5000))
        file.append("two\nlines")
        #expect(file.load().count == 3)
    }

    @Test("missing directories are made")
    func folders() {
        let deep = HistoryFile(path: folder.file("a/b/history"))
        deep.append("hello")
        #expect(deep.load() == ["hello"])
        _ = unsafe unlink(deep.path)
        _ = unsafe rmdir(folder.file("a/b"))
        _ = unsafe rmdir(folder.file("a"))
    }

    @Test("a file that has grown is cut to its last thousand lines", arguments: [2001, 200_000])
    func bounded(count: Int) throws {
        try folder.write(
            (0..<count).map { "command \($0)\n" }.joined(), to: "history")
        let lines = file.load()
        #expect(lines.count == 1000)
        #expect(lines.last == "command \(count - 1)")
        #expect(lines.first == "command \(count - 1000)")
        var status = stat()
        _ = unsafe lstat(file.path, &status)
        #expect(status.st_size < 20_000)
        #expect(file.load() == lines)
        #expect(folder.names == ["history"])
    }

    @Test("a link is not followed, and what is not a file is left alone")
    func link() throws {
        try folder.write("precious\n", to: "other")
        _ = unsafe symlink(folder.file("other"), file.path)
        file.append("hello")
        #expect(file.load().isEmpty)
        #expect(HistoryFile(path: folder.file("other")).load() == ["precious"])
        let fifo = HistoryFile(path: folder.file("fifo"))
        _ = unsafe mkfifo(fifo.path, 0o600)
        #expect(fifo.load().isEmpty)
    }
}
