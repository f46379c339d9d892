/// The views that were kept under a name, and how the screen looked when the program ended.
struct ViewMemory: Sendable {
    /// What the last look is called in its file.
    private static let lastName = "last"

    private let views: StateFile
    private let last: StateFile

    init() {
        views = StateFile(named: "views")
        last = StateFile(named: "last")
    }

    init(folder: String) {
        views = StateFile(path: folder + "/views")
        last = StateFile(path: folder + "/last")
    }

    func kept() -> [SavedView] { [SavedView](text: views.read() ?? "") }

    /// Read again before it is written: another screen may have kept one meanwhile.
    func keep(_ view: SavedView) {
        var all = kept()
        all.keep(view)
        views.replace(with: all.text)
    }

    func forget(_ name: String) {
        views.replace(with: kept().filter { $0.name != name }.text)
    }

    func lastLook() -> SavedView? { [SavedView](text: last.read() ?? "").first }

    /// Without the filter: what is hidden has to be seen to be hidden, and in another night it is forgotten.
    func remember(_ model: Model) {
        var look = SavedView(model, name: Self.lastName)
        look.filter = nil
        last.replace(with: look.line + "\n")
    }
}
