// SPDX-License-Identifier: MIT
// The chat in a terminal. With a port: the server; try `nc localhost 7007`. With host, port and name: a client.
#include <cstdio>

#include "chat_sessions.hpp"
#include "poe/wheels/read_write.hpp"

namespace {

int serve(const char* port) {
  poe::TcpServerOptions options = chat::server_options(port);
  options.started = [](poe::TcpServer& server) {
    if (auto address = server.local_address()) std::printf("listening on %s\n", address->to_string().c_str());
    std::fflush(stdout);
  };
  int status = 0;
  options.error = [&](poe::TcpServer& server, const poe::Error& error) {
    std::fprintf(stderr, "chat: %s\n", error.message().c_str());
    if (error.operation() != "accept") status = 1, server.shutdown();  // out of descriptors is no reason to stop
  };
  auto kernel = poe::open_kernel();
  if (kernel) kernel->spawn<poe::TcpServer>(std::move(options));
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  return ran ? status : (std::fprintf(stderr, "chat: %s\n", ran.error().report().c_str()), 1);
}

/// Takes lines from standard input to a client's session, its child, until one of them ends.
class Keyboard : public poe::Session {
 public:
  Keyboard(poe::Birth birth, char** to) : Session(std::move(birth)), to_(to) {}
  static void handlers(poe::Handlers<Keyboard>& table) {
    table.on(poe::start, &Keyboard::begin).on(poe::child, &Keyboard::family);
  }

 private:
  void begin() {
    chat::Face face;
    face.line = [](const std::string& line) { std::printf("%s\n", line.c_str()), std::fflush(stdout); };
    face.status = [](const std::string& text, bool) { std::fprintf(stderr, "chat: %s\n", text.c_str()); };
    const poe::SessionId client = chat::join(kernel(), to_[0], to_[1], to_[2], std::move(face));
    poe::ReadWriteOptions options(poe::Fd(0, &system()), poe::Fd());
    options.deliver_unfinished = true;
    options.on_record = [=, this](std::string_view line) {
      static_cast<void>(post(client, chat::typed, std::string(line)));
    };
    options.on_error = [=, this](const poe::Error& error) {  // its end is a farewell
      if (error.code() != poe::Errc::limit) static_cast<void>(post(client, chat::typed, "/quit"));
    };
    input_ = poe::ReadWrite(*this, std::move(options));
  }
  void family(const poe::ChildChange& change) {
    if (change.reason == poe::ChildChange::Reason::lose) request_stop();
  }
  char** to_;  // host, port, name
  poe::ReadWrite input_;
};

int join(char** to) {
  auto kernel = poe::open_kernel();
  if (kernel) kernel->spawn<Keyboard>(to);
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  return ran ? 0 : (std::fprintf(stderr, "chat: %s\n", ran.error().report().c_str()), 1);
}

}  // namespace

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  if (argc == 4) return join(argv + 1);
  if (argc <= 2) return serve(argc == 2 ? argv[1] : "7007");
  return std::fputs(
             "usage: chat [PORT]            the server (default 7007; 0: any free port)\n"
             "       chat HOST PORT NAME    a client\n",
             stderr),
         2;
}
