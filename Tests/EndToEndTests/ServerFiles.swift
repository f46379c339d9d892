/// Files of other people's servers, as far as all tests write the same into them.
extension TemporaryDirectory {
    /// For `nginx -c`: one server of HTTP, in one process, with everything that it writes in here.
    func nginx(_ server: String) throws -> String {
        try write(
            """
            daemon off;
            master_process off;
            pid \(self("nginx.pid"));
            error_log \(self("error.log"));
            events {}
            http {
                access_log off;
                client_body_temp_path \(self("body"));
                proxy_temp_path \(self("proxy"));
                fastcgi_temp_path \(self("fastcgi"));
                uwsgi_temp_path \(self("uwsgi"));
                scgi_temp_path \(self("scgi"));
                server {
                    \(server)
                }
            }
            """, to: "nginx.conf")
    }

    /// For `haproxy -db -f`: these sections, behind what all of them need.
    func haproxy(
        mode: String = "http", _ sections: String, to name: String = "haproxy.cfg"
    ) throws -> String {
        try write(
            """
            global
                log \(self("log.sock")) format raw local0
            defaults
                mode \(mode)
                timeout connect 5s
                timeout client 30s
                timeout server 30s
            \(sections)

            """, to: name)
    }
}
