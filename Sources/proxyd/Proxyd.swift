internal import ArgumentParser

@main
struct Proxyd: ParsableCommand {
    func run() throws {}
}
