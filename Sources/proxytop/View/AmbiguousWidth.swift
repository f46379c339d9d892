/// Whether characters whose width Unicode leaves open, such as ● and ─, take two cells here, as many set it up for
/// Chinese, Japanese and Korean. Drawn with them, no line would be straight.
enum AmbiguousWidth {
    /// What settings there are, by what programs really look at: the C library's own table, the modifier that mintty and
    /// Cygwin put behind the locale, the variable of VTE's terminals, and that of programs written in Go.
    /// `cells`: what the C library says about ●. `value`: of a variable of the environment.
    static func isWide(cells: Int, _ value: (String) -> String?) -> Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap(value).first { !$0.isEmpty } ?? ""
        if let modifier = locale.split(separator: "@").dropFirst().last {
            if modifier == "cjkwide" { return true }
            if modifier == "cjknarrow" || modifier == "cjksingle" { return false }
        }
        if cells == 2 { return true }
        switch value("VTE_CJK_WIDTH")?.lowercased() {
        case "1", "2", "wide": return true
        // By the language, VTE's own rule.
        case "auto": if ["ja", "ko", "zh"].contains(where: locale.hasPrefix) { return true }
        default: break
        }
        return value("RUNEWIDTH_EASTASIAN") == "1"
    }
}
