/// The recordings that proxytop shows.
typealias Target = RecordingChecks
