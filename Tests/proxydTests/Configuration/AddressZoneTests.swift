import Glibc
import Shared
import Testing

@testable import proxyd

@Suite("Zones of IPv6 addresses")
struct AddressZoneTests {
    @Test("a zone is the name of an interface or its number")
    func zones() throws {
        let number = unsafe if_nametoindex("lo")
        let address = try Endpoint("[fe80::1%\(number)]:80")
        #expect(try EndpointReader.channel("[fe80::1%lo]:80") == address)
        #expect(try EndpointReader.listener("[fe80::1%\(number)]:80") == address)
        #expect(try EndpointReader.probe("[fe80::1%lo]:80") == address)
    }

    @Test("an interface that is not there is named")
    func missing() {
        let error = #expect(throws: ValueError.self) {
            try EndpointReader.channel("[fe80::1%nosuch0]:80")
        }
        #expect("\(String(describing: error))".contains("nosuch0"))
    }

    @Test("a path may have a percent sign")
    func paths() throws {
        #expect(try EndpointReader.channel("unix:/run/a%b") == .unix(path: "/run/a%b"))
    }
}
