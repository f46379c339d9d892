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
    /// Errors that tell of the login only: the server itself is well.
    private static let loginErrors: Set<Int> = [1044, 1045, 1049, 1130, 1251, 1524, 1698]

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

    private func failure(_ packet: [UInt8]) -> ProbeMove {
        let code = packet.count < 3 ? 0 : Int(packet[1]) | Int(packet[2]) << 8
        if Self.loginErrors.contains(code) { return .done(.good("ok: login denied (\(code))")) }
        return .done(.bad("error \(code) \(ProbeText.quoted(packet.dropFirst(3)))"))
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
