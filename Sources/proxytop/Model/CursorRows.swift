/// Rows that a cursor can stand on.
protocol CursorRows {
    var count: Int { get }
    /// nil: the row is there, but what is in it has not been fetched.
    func subject(at index: Int) -> Subject?
    func index(of subject: Subject) -> Int?
    /// Where the cursor stands before it was moved.
    var firstChoice: Int { get }
}

/// A list of which only a part may be known.
struct ListRows: CursorRows {
    var count: Int
    /// The row that `subjects` begin at.
    var first = 0
    var subjects: [Subject]

    init(_ subjects: [Subject]) {
        self.subjects = subjects
        count = subjects.count
    }

    init(count: Int, first: Int, subjects: [Subject]) {
        (self.count, self.first, self.subjects) = (count, first, subjects)
    }

    func subject(at index: Int) -> Subject? {
        let place = index - first
        return subjects.indices.contains(place) ? subjects[place] : nil
    }

    func index(of subject: Subject) -> Int? {
        subjects.firstIndex(of: subject).map { $0 + first }
    }

    var firstChoice: Int { 0 }
}
