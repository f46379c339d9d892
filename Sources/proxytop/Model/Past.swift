/// A look at what was: a screen of its own, fed from the replay buffer, while the present goes on behind it.
struct Past: Sendable {
    /// A structure cannot hold one of its own kind except in a box; there is always exactly one.
    private var box: [Model]
    /// Of the round that is shown.
    private(set) var number: UInt64

    var model: Model {
        get { box[0] }
        set { box[0] = newValue }
    }

    init(_ model: Model, number: UInt64) {
        box = [model]
        self.number = number
    }
}
