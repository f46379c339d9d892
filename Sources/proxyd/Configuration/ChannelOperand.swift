internal import Shared

/// `HOST[:PORT[:MAXC]]`, `[IPv6]:PORT:MAXC` or `unix:/path`: a channel on the command line.
struct ChannelOperand: Equatable {
    let endpoint: Endpoint
    let maxc: Int?

    /// `HOST` and `HOST::MAXC` take the default port; nil makes them mistakes.
    init(_ text: String, defaultPort: UInt16?) throws(ValueError) {
        if text.hasPrefix("unix:") || text.hasPrefix("/") {
            endpoint = try EndpointReader.channel(text)
            maxc = nil
            return
        }
        // `db::16` is both, and either guess would connect somewhere unexpected.
        if case .v6? = IPAddress(text) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            let isHost = parts.count == 3 && !parts[0].isEmpty && Int(parts[2]) != nil
            throw ValueError(
                "“\(text)” is an IPv6 address without brackets",
                "write it as [\(text)]:PORT"
                    + (isHost ? ", or the host as \(parts[0]):PORT:\(parts[2])" : ""))
        }
        let hostEnd: String.Index
        if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
            hostEnd = text.index(after: close)
        } else {
            hostEnd = text.firstIndex(of: ":") ?? text.endIndex
        }
        let host = text[..<hostEnd]
        let parts = text[hostEnd...].split(separator: ":", omittingEmptySubsequences: false)
        // What stands before the first colon is the host's, and was cut off.
        guard parts.first?.isEmpty ?? true, parts.count <= 3 else {
            throw ValueError(
                "invalid channel “\(text)”", "write it as HOST, HOST:PORT or HOST:PORT:MAXC")
        }
        let port = parts.count > 1 ? String(parts[1]) : ""
        endpoint = try EndpointReader.channel(
            port.isEmpty ? String(host) : "\(host):\(port)", defaultPort: defaultPort)
        maxc =
            parts.count > 2
            ? try ValueReader.number(String(parts[2]), in: ValueReader.sessions, as: "MAXC") : nil
    }
}
