/// What is wrong with one value and how to mend it; whoever reads the value knows where it stands.
struct ValueError: Error, Equatable {
    var problem: String
    var remedy: String

    init(_ problem: String, _ remedy: String) {
        self.problem = problem
        self.remedy = remedy
    }
}
