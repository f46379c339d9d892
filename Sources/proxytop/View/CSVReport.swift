internal import Shared

/// The channels as CSV (RFC 4180): the columns of `show channels`, then the rates per second.
struct CSVReport {
    private static let rateColumns = [
        "new_per_s", "in_bytes_per_s", "out_bytes_per_s", "failed_per_s",
    ]

    let model: Model

    var text: String {
        var lines = [ChannelSnapshot.columns + Self.rateColumns]
        for channel in model.snapshot?.channels ?? [] {
            let rates = model.data.history.channels[channel.serial]?.rates ?? Track.Rates()
            let numbers = [rates.total, rates.inBytes, rates.outBytes, rates.failed]
            // What does not apply and what is not known is an empty field.
            let row = channel.row.map { $0 == Table.absent ? "" : $0 }
            lines.append(row + numbers.map { $0.map { Quantity.fixed($0, decimals: 3) } ?? "" })
        }
        return lines.map { $0.map { PlainText.csvField($0) }.joined(separator: ",") + "\r\n" }
            .joined()
    }
}
