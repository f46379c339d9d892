/// The replies that proxytop reads.
typealias Target = ReplyChecks
