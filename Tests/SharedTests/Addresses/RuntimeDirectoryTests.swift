import Testing

@testable import Shared

@Suite("Runtime directory")
struct RuntimeDirectoryTests {
    @Test(
        "root, a user with a session, a user without",
        arguments: [
            (UInt32(0), nil, "/run/proxyd"), (0, "/run/user/0", "/run/proxyd"),
            (1000, "/run/user/1000", "/run/user/1000/proxyd"), (1000, nil, "/tmp/proxyd-1000"),
            (1000, "", "/tmp/proxyd-1000"), (1000, "relative", "/tmp/proxyd-1000"),
        ] as [(UInt32, String?, String)])
    func path(uid: UInt32, setting: String?, expected: String) {
        #expect(RuntimeDirectory.path(uid: uid, xdgRuntimeDirectory: setting) == expected)
    }

    @Test("the default socket is one that clients find")
    func name() {
        #expect(RuntimeDirectory.socketName.hasSuffix(RuntimeDirectory.socketSuffix))
    }
}
