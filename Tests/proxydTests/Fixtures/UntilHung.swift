import Testing

extension TimeLimitTrait.Duration {
    /// For suites that may hang. The clock runs from when a test could begin, and all of them could at once, so
    /// it counts what those before it take on as many threads as there are processors.
    static var untilHung: Self { .minutes(60) }
}
