import Testing

@testable import proxyd

@Suite("Election settings")
struct ElectionReaderTests {
    private func load(_ group: String) throws -> GroupConfiguration {
        let text = "services: [{listen: [\"*:1\"], groups: [{\(group), channels: [a:1]}]}]"
        let configuration = try ConfigurationFile.parse(text, name: "f")
        return try #require(configuration.services.first?.groups.first)
    }

    @Test("without an election everything has its default")
    func defaults() throws {
        let group = try load("balance: primary")
        #expect(group.balance.policy == .primary)
        #expect(group.election == ElectionConfiguration())
        #expect(group.election.maxBackoff == .seconds(60))
    }

    @Test("every key is read")
    func keys() throws {
        let election = try load(
            """
            balance: primary, election: {check: /c, check-timeout: 1s, triggers: /t, \
            trigger-timeout: 2s, max-backoff: 3s, prefer: previous, failback: auto, \
            failback-delay: 4s, on-change: close, while-electing: refuse}
            """
        ).election
        let expected = ElectionConfiguration(
            check: "/c", checkTimeout: .seconds(1), triggers: "/t", triggerTimeout: .seconds(2),
            maxBackoff: .seconds(3), prefer: .previous, failback: .auto,
            failbackDelay: .seconds(4), onChange: .close, whileElecting: .refuse)
        #expect(election == expected)
    }

    @Test(
        "mistakes are told with their remedy",
        arguments: [
            ("balance: primary, election: {check: c.sh}", "begin it with “/”; it has no arguments"),
            ("balance: primary, election: {max-backoff: 0}", "write a time above zero"),
            ("balance: primary, election: {prefer: best}", "write list or previous"),
            ("balance: primary, election: {failbak: auto}", "did you mean “failback”?"),
            ("election: {}", "add that to the group, or remove the election"),
            ("balance: primary, prefer: list", "it belongs in “election”"),
        ])
    func diagnostics(group: String, remedy: String) {
        let error = #expect(throws: ConfigurationErrors.self) { try load(group) }
        #expect(error?.errors.first?.remedy == remedy)
    }
}
