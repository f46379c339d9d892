/// Takes back what a start has done, in the opposite order, unless the start succeeds. A step that leaves something
/// behind, such as a file, says here how to remove it.
final class StartUndo {
    private var steps: [() -> Void] = []

    func add(_ step: @escaping () -> Void) { steps.append(step) }

    /// The start has succeeded.
    func disarm() { steps = [] }

    deinit {
        for step in steps.reversed() { step() }
    }
}
