/// The rules of Prometheus' text format 0.0.4 and what `promtool check metrics` says about names.
enum ExpositionRules {
    /// Older than the rule of base units; their names stay.
    private static let old: Set<String> = [
        "proxyd_listener_session_milliseconds_total", "proxyd_channel_session_milliseconds_total",
        "proxyd_worker_session_milliseconds_total",
    ]

    private struct Family {
        var name: String
        var type: String?
        var samples: [(name: String, labels: [String], value: Double)] = []
    }

    /// What breaks a rule; empty when all is well.
    static func complaints(about lines: [String]) -> [String] {
        var complaints: [String] = []
        var families: [Family] = []
        var series: Set<String> = []
        for line in lines {
            if line.hasPrefix("# HELP ") {
                let words = line.split(separator: " ", maxSplits: 3)
                guard words.count == 4 else {
                    complaints.append("help without a text: \(line)")
                    continue
                }
                families.append(Family(name: String(words[2])))
            } else if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ").map(String.init)
                guard words.count == 4, !families.isEmpty, families[families.count - 1].type == nil,
                    words[2] == families[families.count - 1].name
                else {
                    complaints.append("a type without its help before it: \(line)")
                    continue
                }
                families[families.count - 1].type = words[3]
            } else {
                guard let sample = sample(line) else {
                    complaints.append("malformed: \(line)")
                    continue
                }
                if !series.insert(sample.name + sample.labels.joined(separator: ",")).inserted {
                    complaints.append("twice: \(line)")
                }
                guard !families.isEmpty, families[families.count - 1].type != nil else {
                    complaints.append("no type before it: \(line)")
                    continue
                }
                families[families.count - 1].samples.append(sample)
            }
        }
        if Set(families.map(\.name)).count != families.count { complaints.append("a family twice") }
        return complaints + families.flatMap(complaints(about:))
    }

    private static func complaints(about family: Family) -> [String] {
        var complaints: [String] = []
        func complain(_ text: String) { complaints.append("\(family.name) \(text)") }
        let isHistogram = family.type == "histogram"
        guard ["counter", "gauge", "histogram"].contains(family.type) else { return ["no type"] }
        if (family.type == "counter") != family.name.hasSuffix("_total") { complain("and _total") }
        if family.name.wholeMatch(of: /proxyd_[a-z][a-z0-9_]*/) == nil { complain("is misnamed") }
        for unit in ["milliseconds", "ms", "minutes", "kilobytes", "percent", "us"]
        where family.name.split(separator: "_").contains(Substring(unit)) {
            if !old.contains(family.name) { complain("is not in base units") }
        }
        if isHistogram { return complaints + histogramComplaints(about: family) }
        for sample in family.samples {
            if sample.name != family.name { complain("has a sample \(sample.name)") }
            if sample.labels.contains(where: { $0.hasPrefix("le=") }) { complain("has le") }
            if family.type == "counter", sample.value < 0 { complain("is negative") }
        }
        return complaints
    }

    private static func histogramComplaints(about family: Family) -> [String] {
        var complaints: [String] = []
        func complain(_ text: String) { complaints.append("\(family.name) \(text)") }
        func isBound(_ label: String) -> Bool { label.hasPrefix("le=") }
        let groups = Dictionary(grouping: family.samples) {
            $0.labels.filter { !isBound($0) }.joined(separator: ",")
        }
        for (_, samples) in groups {
            var last = (bound: -Double.infinity, count: 0.0)
            var sums = 0
            var count: Double?
            for sample in samples {
                switch sample.name {
                case family.name + "_bucket":
                    guard let text = sample.labels.first(where: isBound)?.dropFirst(4).dropLast(),
                        let bound = text == "+Inf" ? .infinity : Double(text)
                    else {
                        complain("has a bucket without a bound")
                        continue
                    }
                    if bound <= last.bound { complain("has bounds in disorder") }
                    if sample.value < last.count { complain("is not cumulative") }
                    last = (bound, sample.value)
                case family.name + "_sum": sums += 1
                case family.name + "_count": count = sample.value
                default: complain("has a sample \(sample.name)")
                }
            }
            if last.bound != .infinity { complain("has no +Inf") }
            if sums != 1 { complain("has no sum") }
            if count != last.count { complain("counts otherwise than its last bucket") }
        }
        return complaints
    }

    /// `name{label="value",…} number`.
    private static func sample(_ line: String) -> (name: String, labels: [String], value: Double)? {
        let pattern =
            /([a-zA-Z_:][a-zA-Z0-9_:]*)(\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)+)\})? ([0-9.e+-]+)/
        guard let match = line.wholeMatch(of: pattern), let value = Double(match.4) else {
            return nil
        }
        let inner = match.3.map(String.init) ?? ""
        guard !inner.hasSuffix(",") else { return nil }
        let label = /[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"/
        let labels = inner.matches(of: label).map { String($0.0) }
        let names = labels.map { $0.prefix { $0 != "=" } }
        guard Set(names).count == names.count else { return nil }
        return (String(match.1), labels, value)
    }

    /// Texts that must not pass.
    static let broken = [
        "proxyd_x 1", "# HELP proxyd_x X.\nproxyd_x 1", "# TYPE proxyd_x gauge\nproxyd_x 1",
        "# HELP proxyd_x\n# TYPE proxyd_x gauge\nproxyd_x 1",
        "# HELP proxyd_x X.\n# TYPE proxyd_x counter\nproxyd_x 1",
        "# HELP proxyd_x_total X.\n# TYPE proxyd_x_total gauge\nproxyd_x_total 1",
        "# HELP proxyd_x X.\n# TYPE proxyd_x gauge\nproxyd_x 1\nproxyd_x 1",
        "# HELP proxyd_x X.\n# TYPE proxyd_x gauge\nproxyd_y 1",
        "# HELP proxyd_x X.\n# TYPE proxyd_x gauge\n# HELP proxyd_x X.\n# TYPE proxyd_x gauge",
        "# HELP proxyd_x X.\n# TYPE proxyd_x gauge\nproxyd_x{a=\"\"\"} 1",
        "# HELP proxyd_x X.\n# TYPE proxyd_x gauge\nproxyd_x{a=\"1\",a=\"2\"} 1",
        "# HELP proxyd_x X.\n# TYPE proxyd_x gauge\nproxyd_x one",
        "# HELP proxyd_x_ms X.\n# TYPE proxyd_x_ms gauge\nproxyd_x_ms 1",
        "# HELP proxyd_x X.\n# TYPE proxyd_x histogram\nproxyd_x_bucket{le=\"1\"} 1\nproxyd_x_sum 1\nproxyd_x_count 1",
        "# HELP proxyd_x X.\n# TYPE proxyd_x histogram\nproxyd_x_bucket{le=\"1\"} 2\nproxyd_x_bucket{le=\"+Inf\"} 1\nproxyd_x_sum 1\nproxyd_x_count 1",
        "# HELP proxyd_x X.\n# TYPE proxyd_x histogram\nproxyd_x_bucket{le=\"+Inf\"} 1\nproxyd_x_sum 1\nproxyd_x_count 2",
        "# HELP proxyd_x X.\n# TYPE proxyd_x histogram\nproxyd_x_bucket{le=\"+Inf\"} 1\nproxyd_x_count 1",
    ]
}
