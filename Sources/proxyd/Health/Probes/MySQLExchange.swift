/// `mysql`: is greeted, and tries to log in without a password.
///
/// A connection that goes away in the middle of the handshake counts against this machine until the
/// server blocks it (`max_connect_errors`), so the handshake is brought to its end. That the login
/// is denied is as good as that it succeeds: the server lives and answers.
struct MySQLExchange: ProbeExchange {
    private let user: String
    private var received: [UInt8] = []
    private var isGreeted = false
    private var answers = 0

    private static let mostBytes = 65_536
    /// COM_QUIT.
    private static let goodbye: [UInt8] = [1, 0, 0, 0, 1]
    /// Errors about the client's host, before any greeting: the server itself is well.
    private static let hostErrors: Set<Int> = [1042, 1044, 1045, 1130, 1698]
    /// Errors about the server, not about this login: too many connections, no memory, no disk, no threads, a cluster
    /// that is not ready (1047), a shutdown, a host that it blocks, a node that is offline or not available.
    private static let serverErrors: Set<Int> = [
        1015, 1021, 1023, 1026, 1037, 1038, 1040, 1041, 1047, 1053, 1077, 1078, 1079, 1080, 1129,
        1135, 1152, 1158, 1159, 1160, 1161, 1184, 1194, 1195, 1927, 3032, 3168, 3169,
    ]
    /// What a proxy in front of the server says when it cannot reach it: the client library's own errors, and ProxySQL's.
    private static let proxyErrors = [2000...2999, 9000...9999]

    init(user: String) { self.user = user }

    mutating func begin() -> ProbeMove { .wait }

    mutating func receive(_ bytes: ArraySlice<UInt8>) -> ProbeMove {
        received += bytes
        guard received.count >= 5 else { return .wait }
        let length = Int(received[0]) | Int(received[1]) << 8 | Int(received[2]) << 16
        guard (1...Self.mostBytes).contains(length), !isGreeted || received[3] < 16,
            isGreeted || received[4] == 10 || received[4] == 255
        else {
            return .done(.bad("expected MySQL's greeting, got \(ProbeText.quoted(received))"))
        }
        guard received.count >= length + 4 else { return .wait }
        let (number, packet) = (received[3], Array(received[4..<length + 4]))
        received.removeFirst(length + 4)
        return answer(to: packet, number: number)
    }

    mutating func end() -> ProbeResult { .bad("closed in the middle of the handshake") }

    func expire() -> ProbeResult { .bad("timeout") }

    private mutating func answer(to packet: [UInt8], number: UInt8) -> ProbeMove {
        if packet[0] == 255 { return failure(packet) }
        guard isGreeted else {
            isGreeted = true
            return .send(login(number: number &+ 1))
        }
        answers += 1
        if packet[0] == 0 { return .done(.good(), goodbye: Self.goodbye) }
        guard answers < 4 else { return .done(.bad("asks for one login after another")) }
        // Whatever proof of who we are it wants, ours is empty.
        return .send([0, 0, 0, number &+ 1])
    }

    /// After the greeting any error is an answer to the login, unless it says otherwise.
    private func failure(_ packet: [UInt8]) -> ProbeMove {
        let code = packet.count < 3 ? 0 : Int(packet[1]) | Int(packet[2]) << 8
        let isLogins =
            isGreeted
            ? isWellFormed(packet, code) && !Self.serverErrors.contains(code)
                && !Self.proxyErrors.contains { $0.contains(code) }
            : Self.hostErrors.contains(code)
        if isLogins { return .done(.good("ok: login denied (\(code))")) }
        return .done(.bad("error \(code) \(ProbeText.quoted(packet.dropFirst(3)))"))
    }

    /// A code of the server's, and where a state follows it all of its five letters.
    private func isWellFormed(_ packet: [UInt8], _ code: Int) -> Bool {
        guard code >= 1000 else { return false }
        return packet.count < 4 || packet[3] != UInt8(ascii: "#") || packet.count >= 9
    }

    /// HandshakeResponse41 with PROTOCOL_41, SECURE_CONNECTION and PLUGIN_AUTH, and no password.
    private func login(number: UInt8) -> [UInt8] {
        let flags: [UInt8] = [0x00, 0x82, 0x08, 0x00]
        let mostBytes: [UInt8] = [0, 0, 1, 0]
        let utf8: UInt8 = 33
        var body = flags + mostBytes + [utf8] + [UInt8](repeating: 0, count: 23)
        body += Array(user.utf8) + [0] + [0]
        body += Array("mysql_native_password".utf8) + [0]
        return [UInt8(truncatingIfNeeded: body.count), UInt8(body.count >> 8), 0, number] + body
    }
}
