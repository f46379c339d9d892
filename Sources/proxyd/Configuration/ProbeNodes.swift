internal import Shared
internal import Yams

// Probes as the file would have them.

extension [ProbeConfiguration] {
    func put(in writer: inout NodeWriter) {
        let nodes = map { $0.node(writer.extent) }
        switch nodes.count {
        case 0: writer.put("probe", "none")
        case 1: writer.put("probe", nodes[0])
        default: writer.put("probe", Node(nodes))
        }
    }
}

extension ProbeConfiguration {
    fileprivate func node(_ extent: NodeWriter.Extent) -> Node {
        let standard = ProbeConfiguration()
        var writer = NodeWriter(extent)
        writer.put("kind", name)
        writer.put("interval", interval, default: standard.interval)
        writer.put(
            "fast-interval", fastInterval, default: min(standard.fastInterval, interval))
        writer.put("timeout", timeout, default: standard.timeout)
        writer.put("rise", rise, default: standard.rise)
        writer.put("fall", fall, default: standard.fall)
        writer.put("port", port.map { Int($0) })
        writer.put("address", address.map { "\($0)" })
        writer.put("tls", usesTLS.map { $0 ? "true" : "false" })
        put(check, in: &writer)
        return writer.node
    }

    /// The keys that only its kind has. A preset brings its steps itself.
    private func put(_ check: ProbeCheck, in writer: inout NodeWriter) {
        switch check {
        case .connect, .tls: break
        case .exchange(let steps):
            guard name == ProbeKind.sendExpect.rawValue else { return }
            writer.put("steps", Node(steps.map(\.node)))
        case .http(let http):
            let standard = HTTPCheck()
            writer.put("method", http.method, default: standard.method)
            switch http.path {
            case .secret(let path): writer.put("path", Node.secret(path))
            case .plain(let path):
                writer.put("path", path, default: standard.path.revealed) { $0 }
            }
            writer.put("host", http.host)
            writer.put("status", http.status, default: standard.status) { ranges in
                ranges.map {
                    $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
                }
                .joined(separator: ",")
            }
            writer.put("body", http.body)
        case .postgres(let user, _), .mysql(let user):
            writer.put("user", user, default: "proxyd") { $0 }
        case .script(let path): writer.put("command", path)
        }
    }
}

extension ProbeStep {
    fileprivate var node: Node {
        switch self {
        case .send(let bytes):
            Self.node("send", .secret(Secret(Self.escaped(bytes.revealed))))
        case .text(let bytes): Self.node("expect", .text(Self.escaped(bytes)))
        case .bytes(let bytes):
            Self.node("expect", .text("hex:" + bytes.map { Self.hex($0) }.joined()))
        case .regex(let pattern): Self.node("expect", .text("regex:" + pattern))
        }
    }

    private static func node(_ key: String, _ value: Node) -> Node {
        Node([(Node.text(key), value)])
    }

    /// What `ValueReader.bytes` reads as these bytes.
    private static func escaped(_ bytes: [UInt8]) -> String {
        let text = bytes.map { byte in
            switch byte {
            case 0x0D: "\\r"
            case 0x0A: "\\n"
            case 0x09: "\\t"
            case 0x00: "\\0"
            case 0x5C: "\\\\"
            case 0x20...0x7E: String(Unicode.Scalar(byte))
            default: "\\x" + hex(byte)
            }
        }.joined()
        // Words that mean something else at the beginning.
        let isWord = text.hasPrefix("hex:") || text.hasPrefix("regex:")
        guard isWord, let first = bytes.first else { return text }
        return "\\x" + hex(first) + text.dropFirst()
    }

    private static func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
