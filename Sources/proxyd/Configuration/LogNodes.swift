internal import Shared
internal import Yams

extension LogConfiguration {
    /// As the file would have it.
    func writer(_ extent: NodeWriter.Extent) -> NodeWriter {
        var writer = NodeWriter(extent)
        if let access {
            let standard = AccessLogConfiguration(target: access.target)
            var inner = NodeWriter(extent)
            inner.put("target", access.target.word)
            inner.put("format", access.format, default: standard.format)
            if extent == .whole || access.events != standard.events {
                inner.put("events", Node(access.events.map { Node.text($0) }))
            }
            inner.put("every", access.every, default: nil)
            inner.put(access.target)
            writer.put("access", inner)
        }
        let standard = ErrorLogConfiguration()
        var inner = NodeWriter(extent)
        inner.put("target", error.target.word, default: standard.target.word) { $0 }
        inner.put("level", error.level, default: standard.level)
        inner.put(error.target)
        writer.put("error", inner)
        return writer
    }
}

extension AccessLogConfiguration {
    fileprivate var events: [String] {
        (tellsStart ? ["start"] : []) + (tellsEnd ? ["end"] : [])
    }
}

extension NodeWriter {
    fileprivate mutating func put(_ target: LogTarget) {
        guard target.isSyslogOrJournald else { return }
        let standard = LogTarget(target.place)
        put("socket", target.socket)
        put("ident", target.ident, default: standard.ident) { $0 }
        put("facility", target.facility, default: standard.facility)
        put("severity", target.severity?.rawValue)
    }
}
