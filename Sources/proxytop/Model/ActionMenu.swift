/// What can be done with the thing under the cursor, and why something cannot.
struct ActionMenu: Sendable {
    struct Item: Equatable, Sendable {
        var binding: Binding.Command
        var key: String
        var help: String
        /// nil: it can be done.
        var obstacle: String?
    }

    let items: [Item]

    init(_ model: Model) {
        items = model.preferences.keys.bindings.filter {
            $0.section == .act || Self.others.contains($0.command)
        }
        .filter { $0.pages.contains(model.navigation.page) }
        .map { binding in
            Item(
                binding: binding.command, key: binding.keys.first?.name ?? "",
                help: binding.help, obstacle: Self.obstacle(to: binding, model))
        }
    }

    /// What one would also like to do from here.
    private static let others: Set<Binding.Command> = [.open, .why, .ofChannel]

    private static func obstacle(to binding: Binding, _ model: Model) -> String? {
        if binding.command == .undo {
            return model.actions.undo.last == nil
                ? "this screen has changed nothing" : model.obstacle
        }
        guard binding.section == .act else { return nil }
        return model.obstacle ?? model.objection(to: binding.command)
    }
}
