import Foundation

/// A program between the old process and the new one, which is another version than both: it adds fields and
/// packets that neither knows, says that it is of another revision, or leaves one of them at the worst moment.
enum Interloper {
    /// What it does beside passing packets on.
    enum Kind: CustomStringConvertible {
        /// As a later version: unknown fields, unknown packets, a greater revision.
        case later
        /// A new process that reads nothing older than what has not been written yet.
        case forgetful
        /// An old process whose packets only later versions understand.
        case demanding
        /// Ends with the first packet of this kind.
        case dying(Packet)
        /// Passes nothing on any more from the first packet of this kind on.
        case hanging(Packet)
        /// Keeps packets of this kind until `release`.
        case holding(Packet)

        var description: String {
            switch self {
            case .later: "later"
            case .forgetful: "forgetful"
            case .demanding: "demanding"
            case .dying(let packet): "die \(packet.rawValue)"
            case .hanging(let packet): "hang \(packet.rawValue)"
            case .holding(let packet): "hold \(packet.rawValue)"
            }
        }
    }

    /// Kinds of packets, as the format numbers them.
    enum Packet: Int {
        case present = 1
        case prepared, refused, taken, running
        case offer = 32
        case offerEnd = 36
        case state = 64
        case session = 70
        case stateEnd = 74
    }

    /// Puts it where the program is that the daemon will start.
    static func install(_ kind: Kind, at path: String) throws {
        try? FileManager.default.removeItem(atPath: path)
        let text =
            program
            .replacingOccurrences(of: "REAL", with: "'\(Daemon.binary)'")
            .replacingOccurrences(of: "KIND", with: "'\(kind)'")
            .replacingOccurrences(of: "GATE", with: "'\(gate(of: path))'")
        if case .holding = kind {
            guard unsafe mkfifo(gate(of: path), 0o600) == 0 else {
                throw SocketError(errno, "mkfifo")
            }
        }
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        _ = unsafe chmod(path, 0o755)
    }

    /// What it holds goes on. Waits until it holds something.
    static func release(_ path: String) throws {
        try FileHandle(forWritingTo: URL(fileURLWithPath: gate(of: path))).close()
    }

    private static func gate(of path: String) -> String { path + ".gate" }

    private static let program = #"""
        #!/usr/bin/env python3
        import array, os, select, socket, struct, sys, time

        words = KIND.split()
        old = socket.socket(fileno=int(os.environ['PROXYD_HANDOVER']))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        child = os.fork()
        if child == 0:
            old.close(); ours.close(); os.set_inheritable(theirs.fileno(), True)
            os.environ['PROXYD_HANDOVER'] = str(theirs.fileno())
            os.execv(REAL, [REAL] + sys.argv[1:])
        theirs.close()

        def receive(end):
            data, control, flags, _ = end.recvmsg(100000, socket.CMSG_SPACE(253 * 4))
            numbers = array.array('i')
            for level, kind, payload in control:
                numbers.frombytes(payload[:len(payload) // 4 * 4])
            return data, list(numbers)

        def send(end, data, numbers):
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', numbers))] if numbers else []
            end.sendmsg([data], rights)

        def field(tag, data): return struct.pack('<HI', tag, len(data)) + data
        def number(tag, value): return field(tag, struct.pack('<Q', value))
        UNKNOWN = field(60000, b'something new') + number(60001, 7)

        # Sessions and things are records within a record.
        def nested(kind, data):
            out, place = b'', 2
            while place < len(data):
                tag, length = struct.unpack_from('<HI', data, place)
                payload = data[place + 6:place + 6 + length]
                out += field(tag, payload + UNKNOWN if tag == 1 else payload)
                place += 6 + length
            return data[:2] + out

        def changed(data):
            kind = struct.unpack_from('<H', data)[0]
            if words[0] == 'later':
                if kind in (1, 32): data = data.replace(number(2, 1), number(2, 2), 1)
                if kind in (35, 70, 71): data = nested(kind, data)
                data += UNKNOWN
            if words[0] == 'forgetful' and kind == 1: data = data.replace(number(4, 1), number(4, 9))
            if words[0] == 'demanding' and kind == 32: data = data.replace(number(3, 1), number(3, 9))
            return kind, data

        while True:
            for end in select.select([old, ours], [], [])[0]:
                try: data, numbers = receive(end)
                # Told once; what was said before that comes next.
                except ConnectionResetError: continue
                if not data: sys.exit(0)
                kind, data = changed(data)
                if words[0] == 'die' and int(words[1]) == kind: os.kill(child, 9); sys.exit(3)
                if words[0] == 'hang' and int(words[1]) == kind: time.sleep(600)
                if words[0] == 'hold' and int(words[1]) == kind: open(GATE).read()
                other = ours if end is old else old
                if words[0] == 'later': send(other, struct.pack('<H', 250) + UNKNOWN, [])
                try: send(other, data, numbers)
                except BrokenPipeError:
                    if end is not old: sys.exit(0)
                for n in numbers: os.close(n)
        """#
}
