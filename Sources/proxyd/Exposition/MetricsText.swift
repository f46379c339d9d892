internal import Shared

/// Prometheus' text exposition format 0.0.4, a family at a time: what it is, its type, its samples.
struct MetricsText {
    private(set) var body = ReplyBody()
    /// What is longer breaks off there: it cannot be sent.
    private let mostBytes: Int

    init(mostBytes: Int = .max) { self.mostBytes = mostBytes }

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
            braced = text.isEmpty ? "" : "{\(text)}"
        }

        static let none = Series([])

        fileprivate let braced: String
    }

    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ samples: [(Labels, UInt64)]) {
        add(name, kind, help, samples.map { (Series($0.0), $0.1) })
    }

    mutating func add<Value: CustomStringConvertible>(
        _ name: String, _ kind: Kind, _ help: String, _ samples: [(Series, Value)]
    ) {
        begin(name, kind.rawValue, help)
        for (series, value) in samples where !isTooLong {
            append(name, series.braced, " ", value.description)
        }
    }

    /// A histogram's buckets count everything up to their bound, in seconds; the last one has everything.
    mutating func add(
        _ name: String, _ help: String, bounds: TimeHistogram.Bounds,
        _ samples: [(Series, TimeHistogram.Totals)]
    ) {
        begin(name, "histogram", help)
        let bounds = bounds.nanoseconds.map { Self.seconds($0) } + ["+Inf"]
        for (series, totals) in samples where !isTooLong {
            let comma = series.text.isEmpty ? "" : ","
            var count: UInt64 = 0
            for (bound, bucket) in zip(bounds, totals.buckets) {
                count &+= bucket
                append(
                    name, "_bucket{", series.text, comma, "le=\"", bound, "\"} ", String(count))
            }
            append(name, "_sum", series.braced, " ", Self.seconds(totals.nanoseconds))
            append(name, "_count", series.braced, " ", String(count))
        }
    }

    private mutating func begin(_ name: String, _ type: String, _ help: String) {
        append("# HELP ", name, " ", help)
        append("# TYPE ", name, " ", type)
    }

    private var isTooLong: Bool { body.bytes.count > mostBytes }

    /// A line, written as bytes: a page of a thousand channels has sixty thousand.
    private mutating func append(_ parts: String...) {
        for part in parts { body.bytes.append(contentsOf: part.utf8) }
        body.bytes.append(0x0A)
        body.lineCount += 1
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
