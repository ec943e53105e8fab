// SPDX-License-Identifier: MIT
//
// The large station: a TCP server that sends every line back with its number in front, and many clients at once, each
// of which sends the whole text and compares every octet of the answer with what it must be. The clients read a plain
// stream: our line filter is on one side only.
#include <algorithm>
#include <cstring>

#include "poe/components/tcp_client.hpp"
#include "poe/components/tcp_server.hpp"
#include "poe/filters/line.hpp"
#include "poe/filters/stream.hpp"
#include "tour_guide.hpp"

namespace poe::tool {

namespace {

inline constexpr Event<std::string> client_done{"client_done"};

// How far one client is.
struct Client {
  std::size_t sent = 0;
  std::size_t received = 0;
  bool over = false;
};

class Echo : public Session {
 public:
  Echo(Birth birth, TourBag& bag) : Session(std::move(birth)), bag_(bag), clients_(bag.clients) {}
  static void handlers(Handlers<Echo>& table) { table.on(poe::start, &Echo::begin).on(client_done, &Echo::one_more); }

 private:
  static constexpr std::size_t kPiece = std::size_t{64} << 10;

  void begin() {
    TcpServerOptions options("127.0.0.1");
    LineOptions lines;
    lines.max_length = std::max(lines.max_length, bag_.text.longest);
    options.filter = LineFilter(lines);
    options.output_limit = std::max(options.output_limit, 2 * bag_.text.longest + kPiece);
    options.client_connected = [](TcpConnection& connection) { connection.heap() = std::size_t{0}; };
    options.client_input = [](TcpConnection& connection, std::string_view line) {
      auto& number = *std::any_cast<std::size_t>(&connection.heap());
      const std::string answer = numbered(++number, line);
      auto put = connection.put(std::string_view(answer).substr(0, answer.size() - 1));  // the filter ends the line
      if (put && *put == Output::high) connection.wheel().pause_input();
    };
    options.client_low = [](TcpConnection& connection) { connection.wheel().resume_input(); };
    options.error = [this](TcpServer&, const Error& error) { finish(error.message()); };
    options.client_error = [this](TcpConnection&, const Error& error) {
      if (error.code() != Errc::end_of_file) finish("server: " + error.message());
    };
    options.started = [this](TcpServer& server) {
      auto address = server.local_address();
      if (!address) return finish(address.error().message());
      port_ = address->port();
    };
    server_ = kernel().spawn<TcpServer>(std::move(options));
    for (std::size_t i = 0; i < clients_.size() && port_ != 0; ++i) connect(i);
  }

  void connect(std::size_t index) {
    TcpClientOptions options("127.0.0.1", port_);
    options.filter = StreamFilter();
    options.connected = [this, index](TcpClient& client) { send(client, clients_[index]); };
    options.server_low = [this, index](TcpClient& client) { send(client, clients_[index]); };
    options.server_input = [this, index](TcpClient& client, std::string_view bytes) {
      check(client, clients_[index], bytes);
    };
    options.connect_error = [this](TcpClient&, const Error& error) { finish("client: " + error.message()); };
    options.server_error = [this, index](TcpClient&, const Error& error) {
      if (!clients_[index].over) finish("client: " + error.message());
    };
    kernel().spawn<TcpClient>(std::move(options));
  }

  // As much of the text as goes below the high mark; the rest follows when the output is low again.
  void send(TcpClient& client, Client& state) {
    const std::string& text = bag_.text.sent;
    while (state.sent < text.size()) {
      const std::string_view piece = std::string_view(text).substr(state.sent, kPiece);
      auto put = client.put(piece);
      if (!put) return finish("client: " + put.error().message());
      state.sent += piece.size();
      if (*put == Output::high) return;
    }
  }

  void check(TcpClient& client, Client& state, std::string_view bytes) {
    const std::string& expected = bag_.text.expected;
    if (state.over) return;
    if (bytes.size() > expected.size() - state.received ||
        std::memcmp(expected.data() + state.received, bytes.data(), bytes.size()) != 0) {
      state.over = true;
      return finish("an answer differs from what it must be, near octet " + std::to_string(state.received));
    }
    state.received += bytes.size();
    octets_ += bytes.size();
    tell();
    if (state.received < expected.size()) return;
    state.over = true;
    client.shutdown();
    static_cast<void>(post(id(), client_done, ""));
  }

  void one_more(const std::string&) {
    if (++done_ == clients_.size()) finish("");
  }

  void tell() {
    const std::size_t all = bag_.text.expected.size() * clients_.size();
    const auto percent = static_cast<unsigned>(octets_ * 100 / all);
    if (percent == told_) return;
    told_ = percent;
    bag_.progress("line server, " + std::to_string(clients_.size()) + " clients: " + std::to_string(percent) + " %");
  }

  void finish(const std::string& trouble) {
    if (std::exchange(finished_, true)) return;
    bag_.result.lines += done_ * bag_.text.lines;
    bag_.result.octets += octets_ + done_ * bag_.text.sent.size();
    static_cast<void>(post(server_, tcp::shutdown));
    static_cast<void>(post(bag_.guide, station_done, trouble));
  }

  TourBag& bag_;
  std::vector<Client> clients_;
  SessionId server_{};
  std::uint16_t port_ = 0;
  std::size_t done_ = 0;
  std::size_t octets_ = 0;
  unsigned told_ = 101;
  bool finished_ = false;
};

}  // namespace

void start_echo(Kernel& kernel, TourBag& bag) { kernel.spawn<Echo>(bag); }

}  // namespace poe::tool
