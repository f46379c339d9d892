import CLinux
import Glibc
import Testing

@testable import proxyd

@Suite("Putting a file in another's place", .timeLimit(.untilHung))
struct FileReplacementTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func text(_ name: String) throws -> String {
        String(decoding: try WholeFile.read(folder.file(name), most: 100) ?? [], as: UTF8.self)
    }

    @Test("a state file is not written through a link, and what it leads to stays")
    func link() throws {
        try folder.write("precious", to: "victim")
        #expect(unsafe symlink(folder.file("victim"), folder.file("state")) == 0)
        #expect(throws: SystemError.self) {
            try FileReplacement.write(Array("state".utf8), to: folder.file("state"), .state)
        }
        #expect(try text("victim") == "precious")
        #expect(folder.names == ["state", "victim"])
        #expect(throws: SystemError.self) {
            _ = try WholeFile.read(folder.file("state"), most: 100, followsLinks: false)
        }
    }

    @Test("a link to nothing is refused, too")
    func danglingLink() throws {
        #expect(unsafe symlink(folder.file("nothing"), folder.file("state")) == 0)
        #expect(throws: SystemError.self) {
            try FileReplacement.write(Array("state".utf8), to: folder.file("state"), .state)
        }
        #expect(folder.names == ["state"])
    }

    @Test("another user's file is left alone", .enabled(if: geteuid() == 0))
    func foreign() throws {
        try folder.write("precious", to: "state")
        #expect(unsafe chown(folder.file("state"), 65_534, 65_534) == 0)
        #expect(throws: SystemError.self) {
            try FileReplacement.write(Array("state".utf8), to: folder.file("state"), .state)
        }
        #expect(try text("state") == "precious")
    }

    @Test("our own is replaced; a configuration file keeps its link and leaves a copy")
    func own() throws {
        try folder.write("old", to: "state")
        try FileReplacement.write(Array("new".utf8), to: folder.file("state"), .state)
        #expect(try text("state") == "new")
        #expect(folder.names == ["state"])
        try folder.write("old", to: "file")
        #expect(unsafe symlink(folder.file("file"), folder.file("link")) == 0)
        try FileReplacement.write(Array("new".utf8), to: folder.file("link"), .configuration)
        #expect(try text("file") == "new")
        #expect(folder.names == ["file", "file.bak", "link", "state"])
    }
}
