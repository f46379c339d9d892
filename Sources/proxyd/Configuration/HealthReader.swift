internal import Shared

// What failed connects do to a channel, read from a service's keys.

extension FileReader {
    mutating func health(_ map: YAMLMap) -> PassiveHealthRules {
        var rules = PassiveHealthRules()
        rules.graceMax =
            yaml.value(map, "grace-max") { text, name throws(ValueError) in
                try ValueReader.duration(text, in: .zero...ValueReader.year, as: name)
            }?.value ?? rules.graceMax
        rules.failures = number(map, "failures", 1...1000) ?? rules.failures
        rules.autodisable =
            yaml.value(map, "autodisable", ValueReader.flag)?.value ?? rules.autodisable
        rules.panic = yaml.value(map, "panic", ValueReader.flag)?.value ?? rules.panic
        return rules
    }
}

extension ValueReader {
    static func flag(_ text: String, as name: String) throws(ValueError) -> Bool {
        switch text {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default:
            throw ValueError("\(name) is “\(text)”, which says neither", "write true or false")
        }
    }
}
