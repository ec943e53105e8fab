// SPDX-License-Identifier: MIT
// A chat server. Each client is a session; its nickname is the session's alias. Try: nc localhost 7007
#include <cstdio>
#include "poe/components/tcp_server.hpp"
#include "poe/open.hpp"
inline constexpr poe::Event<std::string> say{"say"};

class Chatter : public poe::TcpConnection {
 public:
  using TcpConnection::TcpConnection;
  static void handlers(poe::Handlers<Chatter>& table) { TcpConnection::handlers(table), table.on(say, &Chatter::hear); }

 private:
  void opened() override { hear("* /nick NAME to be seen, /msg NAME TEXT for one, /quit to go; all else is for all"); }
  void input(std::string_view line) override {
    if (line.starts_with("/nick ")) return rename(std::string(line.substr(6)));
    if (line == "/quit") return shutdown();
    if (!alias_) return hear("* /nick NAME first");
    if (!line.starts_with("/msg ")) return tell_all(name_ + ": " + std::string(line));
    const std::string_view rest = line.substr(5), to = rest.substr(0, rest.find(' '));
    const auto peer = kernel().resolve(to);
    if (!peer) return hear("* nobody is called " + std::string(to));
    static_cast<void>(post(*peer, say, name_ + " (to you):" + std::string(rest.substr(to.size()))));
  }
  void rename(std::string name) {
    auto taken = alias(name);
    if (!taken) return hear("* " + taken.error().message());
    alias_ = std::move(*taken), name_ = std::move(name);
    tell_all("* " + name_ + " is here");
  }
  void failed(const poe::Error& error) override { error.code() == poe::Errc::limit ? hear(error.message()) : void(); }
  void disconnected() override { alias_.cancel(), name_.empty() ? void() : tell_all("* " + name_ + " has left"); }
  void hear(std::string text) { put(text); }
  void tell_all(const std::string& text) {
    for (const poe::SessionInfo& one : kernel().sessions())
      if (one.parent == server()) static_cast<void>(post(one.id, say, text));
  }
  poe::Alias alias_;
  std::string name_;
};

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  if (argc > 2) return std::fputs("usage: chat [PORT]    (default 7007; 0: any free one)\n", stderr), 2;
  poe::TcpServerOptions options("127.0.0.1", argc == 2 ? argv[1] : "7007");
  options.connection<Chatter>();
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
