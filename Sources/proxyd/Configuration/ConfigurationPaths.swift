internal import Shared

extension Configuration {
    /// A daemon in the background works in `/`, and one in a directory of its own there, so that a path that
    /// begins elsewhere would mean another place at every look.
    func checkPaths() throws(StartError) {
        guard let path = unixPaths.first(where: { !$0.hasPrefix("/") && !$0.hasPrefix("@") }) else {
            return
        }
        throw StartError(
            code: .configuration,
            message:
                "with --daemon or a chroot the working directory is /, so “\(path)” is ambiguous; "
                + "write the whole path, from / on")
    }

    /// Of sockets in the file system, those that we open and those that we connect to.
    private var unixPaths: [String] {
        let endpoints =
            services.flatMap { service in
                service.listeners.map(\.endpoint)
                    + service.groups.flatMap { $0.channels.map(\.endpoint) }
            } + [settings.metrics.listen?.endpoint].compactMap(\.self)
        return [settings.control.path].compactMap(\.self)
            + endpoints.compactMap { if case .unix(let path) = $0 { path } else { nil } }
    }
}
