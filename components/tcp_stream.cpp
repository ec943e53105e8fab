// SPDX-License-Identifier: MIT
#include "poe/components/tcp_stream.hpp"

#include <cerrno>

namespace poe {

TcpStream::TcpStream(Birth&& birth) noexcept : Session(std::move(birth)) {}

TcpStream::~TcpStream() = default;

Result<void> TcpStream::open(Fd socket, const TcpStreamSettings& settings) {
  shutting_down_ = broken_ = ready_ = false;
  shutdown_on_error_ = settings.shutdown_on_error;
  ReadWriteOptions options(std::move(socket));
  options.filter = settings.filter.clone();
  options.output_filter = settings.output_filter.clone();
  options.high_water = settings.high_water;
  options.low_water = settings.low_water;
  options.output_limit = settings.output_limit;
  options.budget = settings.budget;
  options.receiver = this;
  if (settings.tls) {
    auto layer = settings.tls->make_layer(layer_peer());
    if (!layer) return failure(layer.error());
    options.layer = std::move(*layer);
  }
  wheel_ = ReadWrite(*this, std::move(options));
  if (!settings.tls) on_secured();
  return {};
}

void TcpStream::on_secured() {
  ready_ = true;
  ready();
}

Result<Output> TcpStream::put(std::string_view record) {
  if (!wheel_ || shutting_down_) {
    return failure(Errc::closed, "write", peer_ ? peer_.to_string() : "a TCP stream",
                   wheel_ ? "it is being shut down" : "it is not connected");
  }
  return wheel_.put(record);
}

void TcpStream::shutdown() { finish(); }

void TcpStream::finish() {
  if (!wheel_ || shutting_down_) return;
  shutting_down_ = true;
  wheel_.pause_input();
  // What a layer says by itself was never put: without this, nobody would tell that it is out.
  if (!broken_ && wheel_.layer() != nullptr) wheel_.flush();
  if (broken_ || wheel_.out_octets() == 0) return close();
  give_up_ = after(settings().shutdown_limit, [this] { close(); });
}

void TcpStream::close() {
  if (!wheel_) return;
  shutting_down_ = true;
  give_up_.cancel();
  if (ready_) closing();
  wheel_ = ReadWrite();
  closed();
}

// At the end of the input, and after a record the filter refused, the way back is still open: what was put goes out.
void TcpStream::on_error(const Error& error) {
  const bool input_only = error.operation() == "read" && error.number() == 0;
  broken_ = broken_ || !input_only;
  failed(error);
  if (!wheel_) return;
  if (shutting_down_) {
    if (broken_) close();
  } else if (shutdown_on_error_) {
    finish();
  }
}

void TcpStream::on_flushed() {
  if (shutting_down_) return close();
  flushed();
}

void TcpStream::warn(const TcpStreamSettings& settings, const std::string& who, const Error& error) {
  if (error.code() == Errc::end_of_file || error.number() == ECONNRESET) return;
  LogSink& log = settings.log != nullptr ? *settings.log : stderr_log();
  if (log.threshold() <= LogLevel::warning) log.write(LogLevel::warning, who + ": " + error.message());
}

}  // namespace poe
