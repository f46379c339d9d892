import Testing

@testable import proxyd

@Suite("Who has a role")
struct PrincipalsTests {
    private static func control(_ text: String) throws -> ControlConfiguration {
        let services = "services: [{listen: [\"*:1\"], channels: [\"a:1\"]}]"
        return try ConfigurationFile.parse("control: {\(text)}\n\(services)", name: "f").control
    }

    @Test(
        "users and groups are written by name or number, in a list or alone",
        arguments: [
            ("[root, 1001]", Principals(users: [0, 1001])), ("root", Principals(users: [0])),
            ("[\"@root\", \"@77\"]", Principals(groups: [0, 77])), ("[]", Principals()),
            ("1001", Principals(users: [1001])), ("\"@0\"", Principals(groups: [0])),
        ])
    func reads(text: String, principals: Principals) throws {
        for (key, path) in [
            ("admins", \ControlConfiguration.admins), ("operators", \.operators),
            ("viewers", \.viewers),
        ] {
            #expect(try Self.control("\(key): \(text)")[keyPath: path] == principals)
        }
    }

    @Test(
        "who does not exist is a mistake with its place",
        arguments: [
            (
                "admins: [root, no-such-user]",
                "f:1:26: there is no user “no-such-user” on this machine; create it, or write @NAME for a group"
            ),
            (
                "viewers: \"@no-such-group\"",
                "f:1:20: there is no Unix group “no-such-group” on this machine; create it, or name another"
            ),
            (
                "operators: [\"@\"]",
                "f:1:23: “” names no user or group; write a user's name or number, or @GROUP"
            ),
            (
                "admins: [4294967295]",
                "f:1:20: 4294967295 is out of range; write a number below 4294967295"
            ),
        ])
    func diagnostics(text: String, message: String) {
        let error = #expect(throws: ConfigurationErrors.self) { try Self.control(text) }
        #expect(error?.errors.map(\.description) == [message])
    }

    @Test(
        "idle connections are closed after ten minutes unless told otherwise",
        arguments: [
            ("mode: \"0600\"", 600), ("idle: 30s", 30), ("idle: never", nil), ("idle: 0", nil),
        ] as [(String, Int?)])
    func idle(text: String, seconds: Int?) throws {
        #expect(try Self.control(text).idle == seconds.map { .seconds($0) })
    }
}
