internal import CNCurses
internal import Glibc
internal import Shared

/// The terminal through ncurses. There is one, and it belongs to the thread that made it.
struct CursesScreen: Screen, ~Copyable {
    struct Unusable: Error {
        let reason: String
    }

    /// What one may ask of the terminal beyond drawing.
    struct Options: Equatable, Sendable {
        var mouse = false
        /// Synchronised output: nil asks the terminal.
        var wholeFrames: Bool?
        /// The terminal's cursor stands where the screen's does.
        var cursor = false
    }

    private let showsCursor: Bool
    /// What is on the terminal, so that only changed rows are handed on.
    private var shown: Grid?
    /// Where the number of every flushed frame is written, for tests that wait for frames.
    private let syncDescriptor: CInt?
    private var hasFailedSync = false
    /// The terminal description that worked, when it is not the one asked for.
    let substitute: String?

    init(theme: Theme, options: Options, syncDescriptor: CInt?) throws(Unusable) {
        var used: UnsafePointer<CChar>?
        guard unsafe cnc_start(&used) == 0 else {
            throw Unusable(reason: "the terminal cannot be used: is TERM right?")
        }
        let name = unsafe used.map { unsafe String(cString: $0) }
        substitute = name == Environment.value(of: "TERM") ? nil : name
        self.syncDescriptor = syncDescriptor
        showsCursor = options.cursor
        if options.mouse { cnc_use_mouse() }
        if options.wholeFrames == true { cnc_use_sync() }
        // The consoles of the kernel and old terminals print what they do not understand.
        let isOld = ["linux", "vt", "dumb", "cons"].contains { name?.hasPrefix($0) ?? true }
        if options.wholeFrames == nil, !isOld { cnc_ask_sync() }
        // A reader that is gone must not stop the screen.
        if let syncDescriptor { _ = fcntl(syncDescriptor, F_SETFL, O_NONBLOCK) }
        // Without colours attributes have to say everything.
        let look = cnc_colors() == 0 ? .mono : theme
        for style in Style.all { Self.define(style, look.appearance(of: style)) }
    }

    deinit { cnc_stop() }

    private static func define(_ style: Style, _ look: Theme.Appearance) {
        let look = look.limited(to: Int(cnc_colors()))
        var attributes = 0
        if look.isBold { attributes |= Int(CNC_BOLD) }
        if look.isDim { attributes |= Int(CNC_DIM) }
        if look.isUnderlined { attributes |= Int(CNC_UNDERLINE) }
        if look.isReversed { attributes |= Int(CNC_REVERSE) }
        cnc_define_style(style.number, CInt(look.colour ?? -1), CInt(attributes))
    }

    var size: Size {
        var (rows, columns): (CInt, CInt) = (0, 0)
        unsafe cnc_size(&rows, &columns)
        return Size(columns: Int(columns), rows: Int(rows))
    }

    mutating func present(_ grid: Grid, frame: UInt64) {
        for row in 0..<grid.size.rows where !isShown(row, of: grid) {
            let range = grid.range(ofRow: row)
            unsafe grid.scalars.withUnsafeBufferPointer { scalars in
                unsafe grid.styles.withUnsafeBufferPointer { styles in
                    guard let first = scalars.baseAddress, let look = styles.baseAddress else {
                        return
                    }
                    unsafe cnc_put_row(
                        CInt(row), first + range.lowerBound, look + range.lowerBound,
                        CInt(range.count))
                }
            }
        }
        if showsCursor { cnc_cursor(CInt(grid.cursor?.row ?? -1), CInt(grid.cursor?.column ?? 0)) }
        shown = grid
        cnc_flush()
    }

    private func isShown(_ row: Int, of grid: Grid) -> Bool {
        guard let shown, shown.size == grid.size else { return false }
        let range = grid.range(ofRow: row)
        return shown.scalars[range] == grid.scalars[range]
            && shown.styles[range] == grid.styles[range]
    }

    /// Tells a program that waits for frames that this one is shown, and that keys now answer it.
    mutating func announce(_ frame: UInt64) {
        guard let syncDescriptor, !hasFailedSync else { return }
        let line = Array("\(frame)\n".utf8)
        let count = unsafe line.withUnsafeBytes {
            unsafe write(syncDescriptor, $0.baseAddress, $0.count)
        }
        if count < 0, errno != EAGAIN { hasFailedSync = true }
    }

    /// The next key that is there; nil when none is.
    func nextKey() -> Key? {
        var code: CInt = 0
        switch unsafe cnc_key(&code) {
        case CInt(CNC_CHARACTER): return Key(character: UInt32(bitPattern: code))
        case CInt(CNC_SPECIAL): return Self.special(Int(code))
        default: return nil
        }
    }

    private static func special(_ code: Int) -> Key {
        switch code {
        case Int(CNC_KEY_UP): return .up
        case Int(CNC_KEY_DOWN): return .down
        case Int(CNC_KEY_LEFT): return .left
        case Int(CNC_KEY_RIGHT): return .right
        case Int(CNC_KEY_HOME): return .home
        case Int(CNC_KEY_END): return .end
        case Int(CNC_KEY_PAGE_UP): return .pageUp
        case Int(CNC_KEY_PAGE_DOWN): return .pageDown
        case Int(CNC_KEY_BACK_TAB): return .backTab
        case Int(CNC_KEY_ENTER): return .enter
        case Int(CNC_KEY_BACKSPACE): return .backspace
        case Int(CNC_KEY_PASTE_BEGINS): return .pasteBegins
        case Int(CNC_KEY_PASTE_ENDS): return .pasteEnds
        case Int(CNC_KEY_CLICK):
            var (row, column): (CInt, CInt) = (0, 0)
            unsafe cnc_click(&row, &column)
            return .click(row: Int(row), column: Int(column))
        case Int(CNC_KEY_WHEEL_UP): return .wheelUp
        case Int(CNC_KEY_WHEEL_DOWN): return .wheelDown
        case Int(CNC_KEY_SYNC): return .showsWholeFrames
        default:
            let number = code - Int(CNC_KEY_FUNCTION_1) + 1
            return (1...12).contains(number) ? .function(number) : .unknown
        }
    }

    /// From now on a frame comes as one.
    func showWholeFrames() { cnc_use_sync() }

    /// For the operator's clipboard (OSC 52).
    func copy(_ text: String) { unsafe cnc_copy(Base64.text(Array(text.utf8))) }

    /// Throws away what was typed before the present frame was seen.
    func dropInput() { cnc_drop_input() }

    func ring() { cnc_bell() }

    /// The next frame paints everything.
    mutating func repaint() {
        shown = nil
        cnc_repaint()
    }

    /// The window has another size.
    mutating func resize() {
        cnc_resize()
        repaint()
    }

    /// Stops the process like Ctrl-Z, and comes back with a fresh screen.
    mutating func suspend() {
        cnc_suspend()
        repaint()
    }
}
