// SPDX-License-Identifier: MIT
//
// nginx as one process, with sendfile. Why it does not inherit the socket: as one process it crashes then.
#include <fstream>

#include "../file_folder.hpp"
#include "external.hpp"
#include "peers.hpp"

namespace poe::bench {

namespace {

constexpr const char* kNginx = "/usr/sbin/nginx";

void nginx_file(Run& run) {
  const FileFolder folder;
  const std::string here = folder.path().string();
  const std::string config = here + "/nginx.conf";
  std::ofstream(config) << "daemon off; master_process off; error_log stderr crit; pid " << here << "/pid;\n"
                        << "events { worker_connections 64; use epoll; }\n"
                        << "http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;\n"
                        << "client_body_temp_path " << here << "/body; proxy_temp_path " << here << "/proxy;\n"
                        << "fastcgi_temp_path " << here << "/fast; uwsgi_temp_path " << here << "/uwsgi;\n"
                        << "scgi_temp_path " << here << "/scgi;\n"
                        << "server { listen 127.0.0.1:" << port_of(run.listener) << "; root " << here << "; } }\n";
  run_program(run, Listener::its_own, {kNginx, "-p", here, "-e", "stderr", "-c", config});
}

}  // namespace

bool have_nginx() { return have_program(kNginx); }

Subject nginx_subject() {
  Subject subject{"nginx", "of this system", {}};
  subject.can_listen(Kind::file, nginx_file);
  subject.can_listen(Kind::file_wall, nginx_file);
  return subject;
}

}  // namespace poe::bench
