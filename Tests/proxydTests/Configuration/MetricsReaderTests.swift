import Shared
import Testing

@testable import proxyd

@Suite("Metrics settings")
struct MetricsReaderTests {
    private func parse(_ metrics: String) throws(ConfigurationErrors) -> MetricsConfiguration {
        try ConfigurationFile.parse(
            "metrics: \(metrics)\nservices: [{listen: [\"*:1\"], channels: [a:1]}]", name: "f"
        ).metrics
    }

    @Test(
        "an address, a Unix socket, a statsd server",
        arguments: [
            ("{}", nil, nil),
            (#"{listen: "127.0.0.1:9101"}"#, .init(endpoint: .local(9101)), nil),
            (
                "{listen: {unix: /run/m.sock, mode: \"0660\"}}",
                .init(endpoint: .unix(path: "/run/m.sock"), mode: 0o660), nil
            ),
            (
                "{statsd: {address: \"127.0.0.1:8125\"}}", nil,
                StatsdConfiguration(endpoint: .local(8125))
            ),
            (
                "{statsd: {address: \"127.0.0.1:8125\", interval: 1m, prefix: a.b}}", nil,
                StatsdConfiguration(
                    endpoint: .local(8125), interval: .seconds(60), prefix: "a.b")
            ),
        ] as [(String, MetricsConfiguration.Listen?, StatsdConfiguration?)])
    func read(
        text: String, listen: MetricsConfiguration.Listen?, statsd: StatsdConfiguration?
    ) throws {
        let metrics = try parse(text)
        #expect(metrics == MetricsConfiguration(listen: listen, statsd: statsd))
        // What is written back says the same.
        let keys = Configuration(settings: DaemonSettings(metrics: metrics)).daemonSettings.map(
            \.key)
        #expect(keys.contains { $0.hasPrefix("metrics") } == (listen != nil || statsd != nil))
    }

    @Test(
        "mistakes are told with their remedy",
        arguments: [
            ("5", "“metrics” is a text, not a map; write it as KEY: VALUE lines"),
            ("{listen: 9101}", "“9101” names no address; write it as *:9101"),
            (
                "{listen: {address: \"*:1\", mode: \"0600\"}}",
                "“mode” is for Unix sockets, and 0.0.0.0:1 is not one; remove it"
            ),
            ("{listen: {mode: \"0600\"}}", "“listen” needs an address; add “address” or “unix”"),
            (
                "{statsd: {}}",
                "“statsd” needs an address; add “address”, as in address: 127.0.0.1:8125"
            ),
            (
                "{statsd: {address: \"unix:/x\"}}",
                "“unix:/x” is a Unix socket; write it as 127.0.0.1:8125"
            ),
            (
                "{statsd: {address: \"a:1\", interval: 1ms}}",
                "“interval” is 1ms, which is too short; write a time above zero"
            ),
            (
                "{statsd: {address: \"a:1\", prefix: \"a b\"}}",
                "“prefix”: invalid statsd prefix “a b”; "
                    + "write 1 to 64 letters, digits, “.”, “_” or “-”"
            ),
            ("{listne: x}", "unknown key “listne” in “metrics”; did you mean “listen”?"),
        ])
    func diagnostics(text: String, expected: String) {
        let error = #expect(throws: ConfigurationErrors.self) { try parse(text) }
        #expect(error?.errors.first?.description.hasSuffix(expected) == true, "\(error as Any)")
    }

    @Test("the command line has the address, too")
    func commandLine() throws {
        let line = NativeCommandLine(
            listen: ["127.0.0.1:1"], operands: ["127.0.0.1:2"], metricsListen: "127.0.0.1:9101")
        #expect(try line.configuration().metrics.listen == .init(endpoint: .local(9101)))
        var bad = line
        bad.metricsListen = "9101"
        #expect(throws: ConfigurationErrors.self) { try bad.configuration() }
    }
}
