internal import Shared

/// `show tls`: whose certificates end when, and what has become of handshakes.
enum TLSCommand {
    static let columns = [
        "path", "side", "certificate", "expires", "days", "under_way", "full", "resumed", "failed",
    ]

    static func show(_ request: ControlRequest) {
        let now = Int64(WallClock.milliseconds / 1000)
        var table = Table(columns: columns)
        for listener in request.state.topology.listeners {
            guard let tls = listener.tls else { continue }
            table.append(
                row(
                    listener.path, "client", tls.settings.certificates.map(\.certificate),
                    tls.notAfter, tls.counts, now: now, underWay: tls.handshakeCount))
        }
        for channel in request.state.topology.channels {
            guard let tls = channel.tls else { continue }
            table.append(
                row(
                    channel.path, "channel",
                    tls.settings.certificate.map { [$0.certificate] } ?? [],
                    tls.notAfter, tls.counts, now: now, underWay: nil))
        }
        request.answer(table)
    }

    private static func row(
        _ path: String, _ side: String, _ certificates: [String], _ notAfter: Int64?,
        _ counts: TLSCounts, now: Int64, underWay: Int?
    ) -> [String] {
        [
            path, side, certificates.isEmpty ? Table.absent : certificates.joined(separator: ","),
            notAfter.map { CalendarTime(seconds: $0).isoDate } ?? Table.absent,
            notAfter.map { String(($0 - now) / 86_400) } ?? Table.absent,
            underWay.map(String.init) ?? Table.absent, String(counts.fullCount),
            String(counts.resumedCount), String(counts.failedCount),
        ]
    }
}
