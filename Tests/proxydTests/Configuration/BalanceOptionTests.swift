import Testing

@testable import proxyd

@Suite("Balance options")
struct BalanceOptionTests {
    private func balance(_ text: String) throws(ConfigurationErrors) -> BalanceConfiguration {
        let file =
            "services:\n- listen: ['*:1']\n  groups: [ {balance: \(text), channels: [a:1]}]\n"
        return try ConfigurationFile.parse(file, name: "f").services[0].groups[0].balance
    }

    @Test(
        "a word or a map",
        arguments: [
            ("fair", BalanceConfiguration(policy: .leastConnections)),
            ("maglev", .init(policy: .maglev)),
            ("{policy: first}", .init(policy: .first)),
            (
                "{policy: hash, key: source, function: balance, failover: true, max-load: 1.25}",
                .init(policy: .hash, function: .balance, failover: true, maxLoad: 1250)
            ),
            (
                "{policy: hash, key: source+port, seed: 7}",
                .init(policy: .hash, key: .sourceAndPort, seed: 7)
            ),
            ("{policy: sticky, function: lighttpd}", .init(policy: .sticky, function: .lighttpd)),
            (
                "{policy: maglev, key: destination, max-load: 2, seed: 4294967295}",
                .init(policy: .maglev, key: .destination, maxLoad: 2000, seed: 4_294_967_295)
            ),
            ("{policy: random-two-choices, seed: 1}", .init(policy: .randomTwoChoices, seed: 1)),
        ])
    func good(text: String, expected: BalanceConfiguration) throws {
        #expect(try balance(text) == expected)
    }

    /// The map begins at column 23 of line 3.
    @Test(
        "mistakes and conflicts",
        arguments: [
            (
                "{policy: hash, key: sourc}",
                "43: “key” is “sourc”, which is unknown; did you mean “source”?"
            ),
            (
                "{policy: hash, key: x}",
                "43: “key” is “x”, which is unknown; write source, source+port, destination or sni"
            ),
            (
                "{policy: best}",
                "32: “policy”: invalid policy “best”; write \(ConfigurationErrorTests.policies)"
            ),
            ("{key: source}", "23: “balance” names no policy; add “policy”, as in policy: hash"),
            ("{}", "23: “balance” names no policy; add “policy”, as in policy: hash"),
            ("{policy: hash, sed: 7}", "38: unknown key “sed” in “balance”; did you mean “seed”?"),
            ("{policy: first, key: source}", "44: “key” means nothing to first; remove it"),
            (
                "{policy: first, function: modern}",
                "49: “function: modern” means nothing to first; remove it"
            ),
            (
                "{policy: maglev, function: lighttpd}",
                "50: “function: lighttpd” means nothing to maglev; remove it"
            ),
            (
                "{policy: sticky, function: lighttpd, key: destination}",
                "65: the lighttpd function knows only the source; write key: source"
            ),
            (
                "{policy: sticky, failover: true}",
                "50: “failover” means nothing to sticky, which always goes on; remove it"
            ),
            (
                "{policy: hash, failover: yes}",
                "48: “failover” is “yes”, neither true nor false; write true or false"
            ),
            (
                "{policy: hash, max-load: 2}",
                "48: “max-load” sends clients on, which hash does not do without failover; add failover: true"
            ),
            ("{policy: first, max-load: 2}", "49: “max-load” means nothing to first; remove it"),
            (
                "{policy: maglev, max-load: 1}",
                "50: “max-load”: invalid bound “1”; write a number from 1.01 to 10, as in 1.25"
            ),
            (
                "{policy: maglev, max-load: 1.2345}",
                "50: “max-load”: invalid bound “1.2345”; write a number from 1.01 to 10, as in 1.25"
            ),
            ("{policy: first, seed: 1}", "45: “seed” means nothing to first; remove it"),
            (
                "{policy: hash, function: balance, seed: 1}",
                "63: the balance function has no seed; remove it"
            ),
            (
                "{policy: maglev, seed: -1}",
                "46: “seed”: invalid number “-1”; write a whole number from 0 to 4294967295"
            ),
            ("[hash]", "23: “balance” is a list, not a single value; write one word or number"),
        ])
    func bad(text: String, expected: String) {
        let error = #expect(throws: ConfigurationErrors.self) { try balance(text) }
        #expect(error?.errors.map(\.description) == ["f:3:" + expected])
    }

    @Test(
        "written as the control socket takes it",
        arguments: [
            (BalanceConfiguration(policy: .leastConnections), "least-connections"),
            (
                .init(policy: .hash, key: .sourceAndPort, failover: true, maxLoad: 1250, seed: 7),
                "hash key=source+port failover=true max-load=1.250 seed=7"
            ),
            (.init(policy: .sticky, function: .lighttpd), "sticky function=lighttpd"),
        ])
    func description(balance: BalanceConfiguration, expected: String) {
        #expect(balance.description == expected)
    }
}
