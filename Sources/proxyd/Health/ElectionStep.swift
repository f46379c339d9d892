/// What an election does, step by step, for messages of other programs.
enum ElectionStep: Sendable {
    case selects
    case tries(String)
    /// It did not accept, or the check says that it will not do.
    case discards(String, isReachable: Bool)
    /// This one will do; triggers, if any, come next.
    case selected(String)
    case runsTriggers(String)
    case runs(trigger: String, host: String)
    case failed(trigger: String, ScriptResult.Outcome)
    case noTriggers(at: String)
    case pauses(Duration)
}
