// SPDX-License-Identifier: MIT
#include "poe/components/smtp_server.hpp"

#include <unistd.h>

#include <array>
#include <stdexcept>

#include "listener_options.hpp"
#include "smtp_command.hpp"
#include "smtp_connection.hpp"
#include "smtp_server_core.hpp"

namespace poe {
namespace {

std::string own_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || !smtp::is_name(name.data())) return "localhost";
  return name.data();
}

TcpServerOptions tcp_options(const std::shared_ptr<SmtpServerCore>& core) {
  SmtpServerOptions& own = core->options;
  TcpServerOptions options = listener_options<SmtpServer>(core);
  options.filter = SmtpInput(own.limits.lines);
  options.shutdown_on_error = false;  // what a client said wrongly is answered
  options.budget.records = 4096;      // lines of a message are small
  if (own.tls_at_once) options.tls = own.tls;
  options.connection<SmtpConnection>(core);
  return options;
}

}  // namespace

SmtpServerCore::SmtpServerCore(SmtpServerOptions given)
    : options(std::move(given)), host_name(options.host_name.empty() ? own_name() : options.host_name) {
  if (!options.on_message) throw std::invalid_argument("SmtpServer: on_message is missing");
  if (!smtp::is_name(host_name)) throw std::invalid_argument("SmtpServer: host_name is no name");
  if ((options.tls_required || options.tls_at_once) && options.tls == nullptr) {
    throw std::invalid_argument("SmtpServer: TLS is asked for, and options.tls is empty");
  }
}

SmtpServer::SmtpServer(Birth birth, SmtpServerOptions options)
    : SmtpServer(std::move(birth), std::make_shared<SmtpServerCore>(std::move(options))) {}
SmtpServer::SmtpServer(Birth birth, std::shared_ptr<SmtpServerCore> core)
    : TcpServer(std::move(birth), tcp_options(core)) {}
SmtpServer::~SmtpServer() = default;

// ---- SmtpQuestion

SmtpQuestion::SmtpQuestion(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
SmtpQuestion::SmtpQuestion(SmtpQuestion&&) noexcept = default;
SmtpQuestion& SmtpQuestion::operator=(SmtpQuestion&& other) noexcept {
  if (this != &other) {
    drop();
    state_ = std::move(other.state_);
  }
  return *this;
}
SmtpQuestion::~SmtpQuestion() { drop(); }

void SmtpQuestion::drop() noexcept {
  if (state_ != nullptr) refuse(451, "4.3.0 not now, try again later");
}

const SmtpEnvelope& SmtpQuestion::envelope() const noexcept { return *state_->envelope; }
const std::string& SmtpQuestion::address() const noexcept { return state_->address; }
std::string_view SmtpQuestion::message() const noexcept { return state_->message; }
std::string SmtpQuestion::take_message() noexcept { return std::exchange(state_->message, {}); }
SmtpQuestion::operator bool() const noexcept { return state_ != nullptr && state_->connection != nullptr; }

void SmtpQuestion::accept(std::string_view text) {
  if (*this) std::exchange(state_->connection, nullptr)->answer(250, text);
}

void SmtpQuestion::refuse(int code, std::string_view text) {
  if (*this) std::exchange(state_->connection, nullptr)->answer(code >= 400 && code <= 599 ? code : 451, text);
}

}  // namespace poe
