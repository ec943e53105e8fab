// SPDX-License-Identifier: MIT
#include "poe/wheels/run.hpp"

#include <utility>

#include "run_state.hpp"

namespace poe {

Run::Run() noexcept = default;

Run::Run(Self& self, RunOptions options) {
  check_run_options(options);
  const Captured captured(options);
  auto launched = launch(self.system(), options);
  state_ = std::make_shared<State>(self, options);
  state_->connect(std::move(launched), captured, options);
}

Run::Run(Run&& other) noexcept = default;

Run& Run::operator=(Run&& other) noexcept {
  if (this != &other) {
    const auto former = std::exchange(state_, std::exchange(other.state_, nullptr));
    if (former) former->close();
  }
  return *this;
}

Run::~Run() {
  if (const auto state = std::exchange(state_, nullptr)) state->close();
}

std::int64_t Run::pid() const noexcept { return state_->pid; }
const std::optional<Error>& Run::start_error() const noexcept {
  state_->failure_seen = true;
  return state_->failed;
}
const std::optional<ExitStatus>& Run::exit_status() const noexcept { return state_->status; }

Result<Output> Run::put(std::string_view record) {
  if (state_ == nullptr) return failure(Errc::closed, "write", "a Run", "it is empty: moved from or never made");
  ReadWrite* const wheel = state_->wheel(ChildStream::input);
  if (wheel != nullptr && wheel->output_fd() >= 0) return wheel->put(record);
  return failure(Errc::closed, "write", "stdin of process " + std::to_string(state_->pid),
                 "there is no conduit to it, or it has been shut down, or the process has ended");
}

void Run::shutdown_stdin() {
  if (ReadWrite* const wheel = state_->wheel(ChildStream::input)) wheel->shutdown_output();
}
std::size_t Run::out_octets() const noexcept {
  const ReadWrite* const wheel = state_->wheel(ChildStream::input);
  return wheel != nullptr ? wheel->out_octets() : 0;
}
std::size_t Run::out_messages() const noexcept {
  const ReadWrite* const wheel = state_->wheel(ChildStream::input);
  return wheel != nullptr ? wheel->out_messages() : 0;
}

void Run::pause_stdout() noexcept { state_->pause(ChildStream::output); }
void Run::resume_stdout() { state_->resume(ChildStream::output); }
void Run::pause_stderr() noexcept { state_->pause(ChildStream::errors); }
void Run::resume_stderr() { state_->resume(ChildStream::errors); }

void Run::set_stdio_filter(AnyFilter filter) {
  if (ReadWrite* const wheel = state_->wheel(ChildStream::output)) wheel->set_filter(std::move(filter));
}
void Run::set_stdin_filter(AnyFilter filter) {
  if (ReadWrite* const wheel = state_->wheel(ChildStream::input)) wheel->set_output_filter(std::move(filter));
}
void Run::set_stdout_filter(AnyFilter filter) {
  if (ReadWrite* const wheel = state_->wheel(ChildStream::output)) wheel->set_input_filter(std::move(filter));
}
void Run::set_stderr_filter(AnyFilter filter) {
  if (ReadWrite* const wheel = state_->wheel(ChildStream::errors)) wheel->set_input_filter(std::move(filter));
}
Filter* Run::stdin_filter() const noexcept {
  const ReadWrite* const wheel = state_->wheel(ChildStream::input);
  return wheel != nullptr ? &wheel->output_filter() : nullptr;
}
Filter* Run::stdout_filter() const noexcept {
  const ReadWrite* const wheel = state_->wheel(ChildStream::output);
  return wheel != nullptr ? &wheel->input_filter() : nullptr;
}
Filter* Run::stderr_filter() const noexcept {
  const ReadWrite* const wheel = state_->wheel(ChildStream::errors);
  return wheel != nullptr ? &wheel->input_filter() : nullptr;
}

void Run::on_stdout(Fn<void(std::string_view)> callback) { state_->on_stdout.set(std::move(callback)); }
void Run::on_stderr(Fn<void(std::string_view)> callback) { state_->on_stderr.set(std::move(callback)); }
void Run::on_stdin_flushed(Fn<void()> callback) { state_->on_stdin_flushed.set(std::move(callback)); }
void Run::on_error(Fn<void(ChildStream, const Error&)> callback) { state_->on_error.set(std::move(callback)); }
void Run::on_close(Fn<void()> callback) { state_->on_close.set(std::move(callback)); }
void Run::on_exit(Fn<void(const ExitStatus&)> callback) { state_->on_exit.set(std::move(callback)); }

Result<void> Run::kill(int signal) {
  if (state_ == nullptr) return failure(Errc::closed, "kill", "a Run", "it is empty: moved from or never made");
  return state_->kill(signal, true);
}
Result<void> Run::kill_process(int signal) {
  if (state_ == nullptr) return failure(Errc::closed, "kill", "a Run", "it is empty: moved from or never made");
  return state_->kill(signal, false);
}
Result<void> Run::resize(WindowSize size) { return state_->resize(size); }

}  // namespace poe
