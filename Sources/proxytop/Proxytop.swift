@main
struct Proxytop {
    static func main() {}
}
