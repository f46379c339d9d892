/// Prometheus' text exposition format 0.0.4, a family at a time: what it is, its type, its samples.
struct MetricsText {
    private(set) var lines: [String] = []

    /// A family's type, as Prometheus names it.
    enum Kind: String { case counter, gauge }

    typealias Labels = [(name: String, value: String)]

    /// Labels as they are written, once for all families of a thing.
    struct Series {
        /// Without the braces.
        let text: String

        init(_ labels: Labels) {
            text = labels.map { "\($0.name)=\"\(MetricsText.escaped($0.value))\"" }
                .joined(separator: ",")
        }

        static let none = Series([])

        fileprivate var braced: String { text.isEmpty ? "" : "{\(text)}" }
    }

    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ samples: [(Labels, UInt64)]) {
        add(name, kind, help, samples.map { (Series($0.0), $0.1) })
    }

    mutating func add<Value: CustomStringConvertible>(
        _ name: String, _ kind: Kind, _ help: String, _ samples: [(Series, Value)]
    ) {
        begin(name, kind.rawValue, help)
        for (series, value) in samples { lines.append("\(name)\(series.braced) \(value)") }
    }

    /// A histogram's buckets count everything up to their bound, in seconds; the last one has everything.
    mutating func add(
        _ name: String, _ help: String, bounds: TimeHistogram.Bounds,
        _ samples: [(Series, TimeHistogram.Totals)]
    ) {
        begin(name, "histogram", help)
        let bounds = bounds.nanoseconds.map { Self.seconds($0) } + ["+Inf"]
        for (series, totals) in samples {
            let comma = series.text.isEmpty ? "" : ","
            var count: UInt64 = 0
            for (bound, bucket) in zip(bounds, totals.buckets) {
                count &+= bucket
                lines.append("\(name)_bucket{\(series.text)\(comma)le=\"\(bound)\"} \(count)")
            }
            lines.append("\(name)_sum\(series.braced) \(Self.seconds(totals.nanoseconds))")
            lines.append("\(name)_count\(series.braced) \(count)")
        }
    }

    private mutating func begin(_ name: String, _ type: String, _ help: String) {
        lines.append("# HELP \(name) \(help)")
        lines.append("# TYPE \(name) \(type)")
    }

    static func seconds(_ nanoseconds: UInt64) -> String { "\(Double(nanoseconds) / 1e9)" }

    /// Label values escape the backslash, the quote and the line feed.
    static func escaped(_ value: String) -> String {
        let isPlain = value.utf8.allSatisfy { $0 != 0x5C && $0 != 0x22 && $0 != 0x0A }
        guard !isPlain else { return value }
        return value.unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}
