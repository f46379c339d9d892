/// The results as SVG: for each policy, the sessions of every channel over time.
enum SimulationPicture {
    private static let width = 480
    private static let height = 120
    private static let head = 20
    private static let colours = [
        "#1f6fb4", "#d1622b", "#3a923a", "#8a5bb0", "#b23b5e", "#6b6b6b", "#0f8f8f", "#a08a00",
    ]

    static func svg(_ results: [Simulation.Result]) -> String {
        let panel = height + head + 10
        let most = results.flatMap(\.samples).flatMap { $0 }.max() ?? 1
        var lines = [
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(panel * results.count)" \
            font-family="sans-serif" font-size="11">
            """
        ]
        for (index, result) in results.enumerated() {
            lines.append("<g transform=\"translate(0 \(index * panel))\">")
            lines += drawing(of: result, most: max(1, most))
            lines.append("</g>")
        }
        return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    /// One policy; all panels have the same scale.
    private static func drawing(of result: Simulation.Result, most: Int) -> [String] {
        var lines = [
            "<text x=\"4\" y=\"14\">\(result.balance)</text>",
            """
            <rect x="0" y="\(head)" width="\(width)" height="\(height)" fill="#8881" stroke="#8884"/>
            """,
            """
            <text x="4" y="\(head + 12)" fill="#888">\(most) sessions</text>
            """,
        ]
        for channel in result.sessions.indices {
            let colour = colours[channel % colours.count]
            let points = result.samples.enumerated().map { number, counts in
                let horizontal = number * width / Simulation.sampleCount
                let vertical = head + height - counts[channel] * (height - 4) / most
                return "\(horizontal),\(vertical)"
            }
            let place = width - 22 * (result.sessions.count - channel)
            lines.append(
                "<polyline fill=\"none\" stroke=\"\(colour)\" points=\"\(points.joined(separator: " "))\"/>"
            )
            lines.append(
                "<text x=\"\(place)\" y=\"14\" fill=\"\(colour)\">\(SimulationTable.letter(channel))</text>"
            )
        }
        return lines
    }
}
