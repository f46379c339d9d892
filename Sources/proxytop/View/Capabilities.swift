/// What the terminal can show.
struct Capabilities: Equatable, Sendable {
    var glyphs: Glyphs
    var isUTF8: Bool

    static let ascii = Capabilities(glyphs: .ascii, isUTF8: true)
    static let unicode = Capabilities(glyphs: .unicode, isUTF8: true)
}
