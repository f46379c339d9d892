internal import Shared
internal import Yams

/// The configuration as a file that `ConfigurationFile` reads back as it was.
enum ConfigurationText {
    static func yaml(_ configuration: Configuration) -> String {
        text(configuration, .revealed)
    }

    /// The same for people: without secrets.
    static func shown(_ configuration: Configuration) -> String { text(configuration, .hidden) }

    private static func text(_ configuration: Configuration, _ secrets: SecretsWritten) -> String {
        let node = configuration.node().written(secrets)
        do {
            return try Yams.serialize(node: node, width: -1, allowUnicode: true)
        } catch {
            // Only a tree with an alias cannot be written, and there is none in ours.
            assertionFailure("\(error)")
            return ""
        }
    }
}
