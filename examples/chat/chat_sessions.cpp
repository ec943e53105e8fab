// SPDX-License-Identifier: MIT
#include "chat_sessions.hpp"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace chat {
namespace {

inline constexpr poe::Event<std::string> say{"say"};

/// The server's side of one client.
class Chatter : public poe::TcpConnection {
 public:
  using TcpConnection::TcpConnection;
  static void handlers(poe::Handlers<Chatter>& table) { TcpConnection::handlers(table), table.on(say, &Chatter::hear); }

 private:
  void opened() override { hear("* /nick NAME to be seen, /msg NAME TEXT for one, /quit to go; all else is for all"); }
  void input(std::string_view line) override {
    if (line.starts_with("/nick ")) return rename(std::string(line.substr(6)));
    if (line == "/quit") return yield(poe::tcp::shutdown);  // after what was said before
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

/// What a client's callbacks share.
struct Visit {
  std::string where, nick;
  Face face;
  std::vector<std::string> early{};  // typed before there was a connection
};

class Client : public poe::TcpClient {
 public:
  Client(poe::Birth birth, poe::TcpClientOptions options, std::shared_ptr<Visit> visit)
      : TcpClient(std::move(birth), std::move(options)), visit_(std::move(visit)) {}
  static void handlers(poe::Handlers<Client>& table) { TcpClient::handlers(table), table.on(typed, &Client::send); }

 private:
  void send(std::string text) {
    if (!connected()) return visit_->early.push_back(std::move(text));
    if (const auto sent = put(text); !sent) visit_->face.line("* " + sent.error().message());
  }
  std::shared_ptr<Visit> visit_;
};

}  // namespace

poe::TcpServerOptions server_options(const std::string& port) {
  poe::TcpServerOptions options("127.0.0.1", port);
  options.connection<Chatter>();
  return options;
}

poe::Result<std::string> serve(poe::Kernel& kernel, const std::string& port) {
  auto failed = std::make_shared<std::optional<poe::Error>>();
  poe::TcpServerOptions options = server_options(port);
  options.error = [failed](poe::TcpServer& server, const poe::Error& error) {
    if (error.operation() == "accept") return;  // out of descriptors is no reason to stop
    *failed = error, server.shutdown();
  };
  std::string listens_on;
  options.started = [&listens_on](poe::TcpServer& server) {
    if (auto address = server.local_address()) listens_on = std::to_string(address->port());
  };
  kernel.spawn<poe::TcpServer>(std::move(options));  // calls `started` before it returns
  if (listens_on.empty() && *failed) return poe::failure(**failed);
  return listens_on;
}

poe::SessionId join(poe::Kernel& kernel, const std::string& host, const std::string& port, std::string nick,
                    Face face) {
  auto visit = std::make_shared<Visit>(Visit{host + ":" + port, std::move(nick), std::move(face)});
  poe::TcpClientOptions options(host, port);
  options.started = [visit](poe::TcpClient&) { visit->face.status("Connecting to " + visit->where + " …", false); };
  options.connected = [visit](poe::TcpClient& server) {
    static_cast<void>(server.put("/nick " + visit->nick));
    visit->face.status("Connected to " + visit->where + " as " + visit->nick, true);
    for (const std::string& text : std::exchange(visit->early, {})) static_cast<void>(server.put(text));
  };
  options.server_input = [visit](poe::TcpClient&, std::string_view line) { visit->face.line(std::string(line)); };
  options.connect_error = [visit](poe::TcpClient&, const poe::Error& error) {
    visit->face.status("Not connected to " + visit->where + ": " + error.reason(), false);
  };
  options.disconnected = [visit](poe::TcpClient&) { visit->face.status("Disconnected from " + visit->where, false); };
  return kernel.spawn<Client>(std::move(options), visit);
}

}  // namespace chat
