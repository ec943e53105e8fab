// SPDX-License-Identifier: MIT
//
// HttpServer, with a handler of one line and with the files of a folder.
#include <chrono>
#include <utility>

#include "file_folder.hpp"
#include "ours.hpp"
#include "poe/components/http_files.hpp"
#include "poe/components/http_server.hpp"

namespace poe::bench {

namespace {

using namespace std::chrono_literals;

/// Stops a server when its clients have gone: nobody tells it that no more are to come.
class Watcher : public Session {
 public:
  Watcher(Birth birth, HttpServer& server) : Session(std::move(birth)), server_(server) {}
  static void handlers(Handlers<Watcher>& h) { h.on(start, &Watcher::look); }

 private:
  void look() {
    const bool any = server_.connections() > 0;
    if (std::exchange(seen_, any) && !any) return kernel().stop();
    again_ = after(20ms, [this] { look(); });
  }
  HttpServer& server_;
  bool seen_ = false;
  Timer again_;
};

void serve_http(Run& run, HttpRoutes routes) {
  close(run.listener);  // it has one of its own
  Kernel kernel = open_for(run);
  HttpServerOptions options("127.0.0.1", 0);
  options.routes = std::move(routes);
  options.started = [&run](HttpServer& server) {
    server.kernel().spawn<Watcher>(server);
    run.meeting->port = server.local_address()->port();
  };
  kernel.spawn<HttpServer>(std::move(options));
  run_to_end(kernel);
}

}  // namespace

void our_http(Run& run) {
  HttpRoutes routes;
  routes.get("/", [](HttpExchange exchange) { static_cast<void>(exchange.respond(200, "Hello, world!")); });
  serve_http(run, std::move(routes));
}

void our_file(Run& run) {
  const FileFolder folder;
  HttpRoutes routes;
  routes.get("/*", http_files(folder.path().string()));
  serve_http(run, std::move(routes));
}

}  // namespace poe::bench
