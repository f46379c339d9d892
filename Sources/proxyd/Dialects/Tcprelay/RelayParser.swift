internal import Shared

// `id = tcprelay { … }`: where to relay to.

extension TcprelayParser {
    /// The original takes any, and makes nothing of those that mean nothing.
    static let anyNumber = Int.min...Int.max

    private static let relayWords = [
        "remote", "local", "rebalance", "retire", "idle", "tls", "ssl",
    ]

    mutating func readRelay() throws(TcprelayError) {
        while !(try reader.consume("}")) {
            if try common() { continue }
            let place = reader.token.place
            let word = reader.token.kind == .word ? reader.token.text : ""
            guard Self.relayWords.contains(word) else {
                throw TcprelayError(
                    expected: Self.relayWords + Self.commonWords + ["}"], butGot: reader.token)
            }
            try reader.advance()
            switch word {
            case "remote": relay.remotes.append(try readRemote(at: place))
            case "local":
                try reader.expect("address")
                try reader.skipEqual()
                relay.localAddress = try readAddress()
            case "rebalance": relay.rebalance = try reader.equalNumber(in: Self.anyNumber)
            case "retire":
                _ = try reader.consume("limit")
                relay.retireLimit = try reader.equalNumber(in: Self.anyNumber)
            case "idle":
                try reader.expect("timeout")
                relay.idleTimeout = try reader.equalNumber(in: Self.anyNumber)
            default: try readCertificate()
            }
        }
    }

    private static let remoteWords = ["address", "port", "protocol", "weight", "}"]

    private mutating func readRemote(at place: String) throws(TcprelayError) -> TcprelayRemote {
        var remote = TcprelayRemote(place: place)
        try reader.skipEqual()
        try reader.expect("{")
        while !(try reader.consume("}")) {
            let line = reader.token.place
            switch try reader.choice(Self.remoteWords) {
            case "address":
                try reader.skipEqual()
                remote.address = try readAddress()
            case "port": remote.port = try reader.equalText("a port")
            case "weight": remote.weight = try reader.equalNumber(in: Self.anyNumber)
            default:
                try reader.skipEqual()
                let chosen = try reader.choice(["TCP", "tcp", "SCTP", "sctp"])
                remote.isSCTP = chosen.lowercased() == "sctp" ? line : nil
            }
        }
        return remote
    }

    private static let certificateWords = [
        "cert-file", "certfile", "cert", "key-file", "keyfile", "key", "passphrase",
    ]

    private mutating func readCertificate() throws(TcprelayError) {
        let word = try reader.choice(Self.certificateWords)
        let value = try reader.equalText(word == "passphrase" ? "a passphrase" : "a file")
        switch word {
        case "cert-file", "certfile", "cert": relay.certificate = value
        case "passphrase": relay.passphrase = Secret(value.value)
        default: relay.key = value
        }
    }
}
