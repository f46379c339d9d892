internal import CNCurses

/// What the locale says about characters; call it before the terminal is taken over.
enum TerminalLocale {
    /// Answers whether the character set is UTF-8. `forcing` makes it so where the locale says otherwise.
    static func adopt(forcing: Bool) -> Bool {
        cnc_set_locale() == 1 || forcing && cnc_force_utf8() == 1
    }

    /// The cells of a sign whose width is a matter of taste, in this locale.
    static var cellsOfAmbiguous: Int { Int(cnc_ambiguous_cells()) }
}
