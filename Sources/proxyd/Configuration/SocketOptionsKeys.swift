internal import Shared

extension SocketOptions {
    /// Of a listener.
    static let listenerKeys = KeyTable("a listener's socket", SocketOptions()) {
        Key(
            "interface", \.interface, .interface, settable: true,
            help: "The network interface that its packets use, as in `eth0`.")
        Key(
            "mark", \.mark, .number(1...Int(UInt32.max)), settable: true,
            help: """
                What firewalls and routing rules know its packets by; takes {Dv
                CAP_NET_ADMIN}.
                """)
        Key(
            "dscp", \.dscp, .number(0...63), settable: true,
            help: "The class of its packets, 0 to 63.")
        Key(
            "mptcp", \.mptcp, .flagIfOn, settable: true,
            help: """
                Multipath TCP where the kernel and the other end have it, plain TCP
                where not.
                """)
        Key(
            "congestion", \.congestion, .congestion, settable: true,
            help: """
                The congestion control, of those in {Pa
                /proc/sys/net/ipv4/tcp_available_congestion_control}.
                """)
        Key(
            "fast-open", \.fastOpen, .flagIfOn, settable: true,
            help: "The first packet of a client that was here before may carry bytes.")
        Key(
            "defer-accept", \.deferAccept, .seconds, settable: true,
            help: """
                Clients are accepted once they have sent something, or after so long, in
                whole seconds.
                For services in which the client speaks first.
                """)
        Key(
            "keepalive-idle", \.keepAliveIdle, .seconds, settable: true,
            help: """
                Silence before the other end is asked whether it is there, in whole
                seconds.
                """)
        Key(
            "keepalive-interval", \.keepAliveInterval, .seconds, settable: true,
            help: "The time between such questions.")
        Key(
            "keepalive-count", \.keepAliveCount, .number(1...127), settable: true,
            help: "So many questions without an answer end a connection.")
    }

    /// Of a channel, and of a group for its channels: what a connecting socket has as well.
    static let channelKeys = KeyTable("a channel's socket", SocketOptions()) {
        let ofListeners = ["fast-open", "defer-accept"]
        return listenerKeys.keys.filter { !ofListeners.contains($0.info.name) }
    }
}

extension ValueKind where Value == SocketOptions {
    static func socket(_ table: KeyTable<SocketOptions>, _ definition: String) -> ValueKind {
        var kind = map(table, Schema.ref(definition))
        let read = kind.read
        kind.read = { reader, map, key in
            let options = read(&reader, map, key)
            return options?.isEmpty ?? true ? nil : options
        }
        return kind
    }
}

extension ValueKind where Value == Int {
    /// Whole seconds, as the kernel counts here.
    static var seconds: ValueKind {
        ValueKind(
            "time", [Schema.ref("duration")], example: "17s",
            read: { text, name throws(ValueError) in
                // The kernel's own bound (MAX_TCP_KEEPIDLE).
                let time = try ValueReader.duration(
                    text, in: .seconds(1)...Duration.seconds(32_767), as: name)
                return Int(time.components.seconds)
            }, text: { "\($0)s" })
    }
}

extension ValueKind where Value == String {
    static var interface: ValueKind {
        .text(
            "word", [#""type": "string""#, #""minLength": 1"#, #""maxLength": 15"#],
            example: "eth0", ValueReader.interface)
    }

    static var congestion: ValueKind {
        .text(
            "word", [#""type": "string""#, #""minLength": 1"#, #""maxLength": 15"#],
            example: "cubic", ValueReader.congestion)
    }
}
