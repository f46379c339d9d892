internal import Shared
internal import Yams

/// The configuration as a file that `ConfigurationFile` reads back as it was.
enum ConfigurationText {
    static func yaml(_ configuration: Configuration) -> String {
        do {
            return try Yams.serialize(node: configuration.node(), width: -1, allowUnicode: true)
        } catch {
            // Only a tree with an alias cannot be written, and there is none in ours.
            assertionFailure("\(error)")
            return ""
        }
    }
}
