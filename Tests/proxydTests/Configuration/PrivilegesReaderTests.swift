import Testing

@testable import proxyd

@Suite("Privileges in the file")
struct PrivilegesReaderTests {
    private func parse(_ text: String) throws(ConfigurationErrors) -> PrivilegesConfiguration {
        try ConfigurationFile.parse(
            """
            privileges: \(text)
            services: [{listen: ["127.0.0.1:0"], channels: ["127.0.0.1:1"]}]
            """, name: "f"
        ).privileges
    }

    @Test(
        "a user, a group, a directory, and what is kept",
        arguments: [
            ("{user: root}", PrivilegesConfiguration(user: "root")),
            ("{user: 4000, group: root}", .init(user: "4000", group: "root")),
            ("{chroot: /var/empty}", .init(chroot: "/var/empty")),
            ("{keep-bind: true}", .init(keepsBind: true)),
        ] as [(String, PrivilegesConfiguration)])
    func read(text: String, expected: PrivilegesConfiguration) throws {
        let read = try parse(text)
        #expect(read == expected)
        #expect(read.isAsked)
        #expect(!PrivilegesConfiguration().isAsked)
    }

    @Test(
        "mistakes are told with their remedy",
        arguments: [
            ("{}", "“privileges” says nothing; write user: NAME"),
            (
                "{user: no-such-user}",
                "there is no user “no-such-user” on this machine; create it, or name another"
            ),
            (
                "{group: no-such-group}",
                "there is no Unix group “no-such-group” on this machine; create it, or name another"
            ),
            ("{chroot: here}", "“chroot”: invalid path “here”; begin it with “/”"),
            ("{user: 99999999999}", "99999999999 is out of range; write a number below 4294967295"),
        ])
    func diagnostics(text: String, message: String) {
        let error = #expect(throws: ConfigurationErrors.self) { try parse(text) }
        #expect(error?.errors.map { "\($0)" }.first?.hasSuffix(message) == true, "\(error as Any)")
    }

    @Test(
        "a listener that could not be opened again is a mistake",
        arguments: [
            ("user: root", "127.0.0.1:90", "refuse", true),
            ("user: root, keep-bind: true", "127.0.0.1:90", "refuse", false),
            ("user: root", "127.0.0.1:1024", "refuse", false),
            ("user: root", "127.0.0.1:90", "close", false),
            ("user: root", "unix:/run/x", "refuse", false),
        ])
    func reopened(privileges: String, listen: String, whenEmpty: String, isWrong: Bool) throws {
        let configuration = try ConfigurationFile.parse(
            """
            privileges: {\(privileges)}
            services:
            - { listen: ["\(listen)"], when-empty: \(whenEmpty), channels: ["127.0.0.1:1"] }
            """, name: "f")
        var message: String?
        do throws(StartError) {
            try PrivilegeAudit.check(configuration)
        } catch {
            message = error.message
        }
        #expect((message != nil) == isWrong)
        #expect(message?.contains("keep-bind: true") ?? true)
    }
}
