/// Keys that a running daemon cannot change.
extension Configuration {
    /// What was decided when the daemon started, and stays.
    func takingStartKeys(from running: Configuration) -> Configuration {
        var configuration = self
        configuration.control = running.control
        configuration.workers = running.workers
        configuration.stateFile = running.stateFile
        configuration.metrics = running.metrics
        configuration.privileges = running.privileges
        return configuration
    }

    /// The keys of which another value is of no effect yet.
    func whatTakesARestart(from running: Configuration) -> [String] {
        let kept = takingStartKeys(from: running)
        return ConfigurationDifference(from: kept, to: self).rows.map(\.field)
    }
}
