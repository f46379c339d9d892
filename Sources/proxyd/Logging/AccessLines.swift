internal import Shared

/// Writes sessions out as lines of the access log.
struct AccessLines: LogLines {
    var format: AccessFormat

    mutating func put(_ record: AccessRecord, into lines: inout LineBuffer) {
        lines.begin(.info, at: record.at)
        switch format {
        case .httpd: lines.append(httpd: record)
        case .extended:
            lines.append(httpd: record)
            AccessFields.put(record, as: .words, into: &lines)
        case .json:
            lines.append("{\"time\":\"")
            lines.append(date: record.at)
            lines.append("\"")
            AccessFields.put(record, as: .json, into: &lines)
            lines.append("}")
        }
        lines.end()
    }
}

extension LineBuffer {
    /// Fproxy's line (0.41): who, when, where to, how it went, then bytes and whole seconds of the client's
    /// connection and of the channel's.
    fileprivate mutating func append(httpd record: AccessRecord) {
        append(host: record.client, isClient: true)
        append(" - - ")
        append(time: record.at)
        append(record.isDelayed ? " \"POST " : " \"GET ")
        append(host: record.address, isClient: false)
        append("\" ")
        if let status = record.status { append(UInt64(status)) } else { append("-") }
        append(" ")
        append(record.inBytes)
        append(" ")
        append(record.clientTime / 1_000_000_000)
        append(" ")
        append(record.outBytes)
        append(" ")
        append((record.channelTime ?? 0) / 1_000_000_000)
    }

    /// An address without its port.
    private mutating func append(host endpoint: Endpoint?, isClient: Bool) {
        switch endpoint {
        case .ip(let address, _): append(address)
        case .name(let name, _): append(escaping: name)
        // A client's own path is its own invention.
        case .unix(let path): isClient ? append("-") : append(escaping: path)
        case nil: append("-")
        }
    }
}

/// Everything that a line can have of a session, by name.
enum AccessFields {
    enum Shape { case words, json }

    static func put(_ record: AccessRecord, as shape: Shape, into lines: inout LineBuffer) {
        let fields = FieldWriter(shape: shape)
        fields.put("event", record.event.word, &lines)
        fields.put("session", record.id, &lines)
        fields.put("client", record.client, &lines)
        fields.put("listener", record.listener.path, &lines)
        fields.put("listener_address", record.listener.endpoint, &lines)
        fields.put("channel", record.channel?.path, &lines)
        fields.put("address", record.address, &lines)
        fields.put("channel_port", record.kernel?.channelPort.map { UInt64($0) }, &lines)
        fields.put("status", record.status.map { UInt64($0) }, &lines)
        fields.put("in_bytes", record.inBytes, &lines)
        fields.put("out_bytes", record.outBytes, &lines)
        fields.put("client_ms", record.clientTime / 1_000_000, &lines)
        fields.put("channel_ms", record.channelTime.map { $0 / 1_000_000 }, &lines)
        fields.put("wait_us", record.waitTime.map { $0 / 1000 }, &lines)
        fields.put("connect_us", record.connectTime.map { $0 / 1000 }, &lines)
        fields.put("first_byte_us", record.firstByteTime.map { $0 / 1000 }, &lines)
        fields.put("code", record.reason?.code, &lines)
        // A cause of two words stays one field.
        let cause = record.reason?.cause.rawValue
        fields.put("cause", shape == .words ? cause?.withoutBlanks : cause, &lines)
        fields.put("retries", UInt64(record.retries), &lines)
        fields.put("client_rtt_us", record.kernel?.clientRTT.map { UInt64($0) }, &lines)
        fields.put("channel_rtt_us", record.kernel?.channelRTT.map { UInt64($0) }, &lines)
        fields.put("generation", record.generation, &lines)
        let name = record.serverName
        fields.put("sni", shape == .words ? name?.withoutBlanks : name, &lines)
        fields.put("tls", record.tls?.version, &lines)
        fields.put("cipher", record.tls?.cipher, &lines)
        let subject = record.tls?.subject ?? record.tls?.commonName
        fields.put("subject", shape == .words ? subject?.withoutBlanks : subject, &lines)
    }

    private struct FieldWriter {
        let shape: Shape

        private func name(_ name: String, _ lines: inout LineBuffer) {
            switch shape {
            case .words:
                lines.append(" ")
                lines.append(name)
                lines.append("=")
            case .json:
                lines.append(",\"")
                lines.append(name)
                lines.append("\":")
            }
        }

        func put(_ name: String, _ number: UInt64?, _ lines: inout LineBuffer) {
            self.name(name, &lines)
            if let number { lines.append(number) } else { lines.append(absent) }
        }

        func put(_ name: String, _ text: String?, _ lines: inout LineBuffer) {
            self.name(name, &lines)
            guard let text else { return lines.append(absent) }
            switch shape {
            case .words: lines.append(escaping: text)
            case .json: lines.append(quoting: text)
            }
        }

        func put(_ name: String, _ endpoint: Endpoint?, _ lines: inout LineBuffer) {
            guard case .ip(.v4(let address), let port) = endpoint else {
                return put(name, endpoint.map { "\($0)" }, &lines)
            }
            self.name(name, &lines)
            if shape == .json { lines.append("\"") }
            lines.append(IPAddress.v4(address))
            lines.append(":")
            lines.append(UInt64(port))
            if shape == .json { lines.append("\"") }
        }

        private var absent: String { shape == .words ? "-" : "null" }
    }
}

extension String {
    fileprivate var withoutBlanks: String {
        guard utf8.contains(0x20) else { return self }
        return String(decoding: utf8.map { $0 == 0x20 ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
    }
}

extension AccessRecord.Event {
    var word: String {
        switch self {
        case .start: "start"
        case .running: "running"
        case .end: "end"
        }
    }
}

extension AccessRecord {
    // Nanoseconds; nil for what has not happened.

    var clientTime: UInt64 { at.elapsed(since: times.started) }

    var channelTime: UInt64? {
        times.connected == .zero ? nil : at.elapsed(since: times.connected)
    }

    /// Until the last attempt to connect: in line, and with channels that failed.
    var waitTime: UInt64? {
        times.connecting == .zero ? nil : times.connecting.elapsed(since: times.started)
    }

    var connectTime: UInt64? {
        times.connected == .zero ? nil : times.connected.elapsed(since: times.connecting)
    }

    /// From the connect to the channel's first byte.
    var firstByteTime: UInt64? {
        times.firstByte == .zero ? nil : times.firstByte.elapsed(since: times.connected)
    }

    /// How it went, as web servers put it; nil while it goes on. Fproxy documents 200 only; the others are
    /// ours: 400 it never said what was asked for, 408 both sides were silent for too
    /// long, 502 the channel failed or we cut, 503 no channel could take it.
    var status: Int? {
        guard let reason else { return nil }
        let wasServed = times.connected != .zero
        if reason.when == .preread {
            if reason.who == .client { return 400 }
            if reason.who == .clientIdle { return 408 }
        }
        switch reason.who {
        case .neither, .client: return 200
        case .clientIdle, .channelIdle: return wasServed ? 408 : 503
        case .channel: return 502
        case .operator, .superseded: return wasServed ? 502 : 503
        case .proxy, .resource: return 503
        }
    }
}
