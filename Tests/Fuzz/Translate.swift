/// The files that `proxyd translate` reads.
typealias Target = TranslateChecks
