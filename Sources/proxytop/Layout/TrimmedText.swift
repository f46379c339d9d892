extension String {
    var trimmingTrailingBlanks: String {
        var end = unicodeScalars.endIndex
        while end > unicodeScalars.startIndex {
            let before = unicodeScalars.index(before: end)
            guard unicodeScalars[before] == " " else { break }
            end = before
        }
        return String(unicodeScalars[..<end])
    }
}
