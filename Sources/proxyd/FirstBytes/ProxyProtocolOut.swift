/// How a channel learns of the client.
struct ProxyProtocolOut: Equatable, Sendable {
    /// Version 2; version 1 is a line of text.
    var isBinary: Bool
    var options: Options = []

    /// What is told besides addresses, where it is known.
    struct Options: OptionSet, Hashable, Sendable {
        let rawValue: UInt8

        static let uniqueID = Options(rawValue: 1)
        static let serverName = Options(rawValue: 2)
        static let alpn = Options(rawValue: 4)
        static let certificate = Options(rawValue: 8)
        static let crc32c = Options(rawValue: 16)

        static let names: [(name: String, option: Options)] = [
            ("unique-id", .uniqueID), ("sni", .serverName), ("alpn", .alpn),
            ("client-certificate", .certificate), ("crc32c", .crc32c),
        ]
    }
}
