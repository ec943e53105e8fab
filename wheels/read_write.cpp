// SPDX-License-Identifier: MIT
#include "poe/wheels/read_write.hpp"

#include "read_write_state.hpp"

namespace poe {

Error no_wheel(const char* tried) {
  return {Errc::closed, tried, "a ReadWrite", "it is empty: moved from or never made"};
}

ReadWriteReceiver::~ReadWriteReceiver() = default;

ReadWrite::ReadWrite(Self& self, ReadWriteOptions options) : state_(new State(self, std::move(options))) {}

ReadWrite& ReadWrite::operator=(ReadWrite&& other) noexcept {
  if (this != &other) {
    State* const former = std::exchange(state_, std::exchange(other.state_, nullptr));
    if (former != nullptr) former->close();
  }
  return *this;
}

ReadWrite::~ReadWrite() {
  if (State* const state = std::exchange(state_, nullptr)) state->close();
}

Result<void> ReadWrite::secure(std::unique_ptr<StreamLayer> layer) {
  if (state_ == nullptr) return failure(no_wheel("secure"));
  return state_->secure(std::move(layer));
}

Result<Output> ReadWrite::put_file(Fd file, std::uint64_t offset, std::uint64_t size) {
  if (state_ == nullptr) return failure(no_wheel("write"));
  return state_->put_file(std::move(file), offset, size);
}
void ReadWrite::flush() { state_->flush(); }
void ReadWrite::pause_input() noexcept { state_->pause_input(); }
void ReadWrite::resume_input() { state_->resume_input(); }
bool ReadWrite::read_now() { return state_->read_now(); }
void ReadWrite::shutdown_input() { state_->shutdown_input(); }
void ReadWrite::shutdown_output() { state_->shutdown_output(); }
void ReadWrite::set_filter(AnyFilter filter) { state_->set_filter(std::move(filter)); }
void ReadWrite::set_input_filter(AnyFilter filter) { state_->set_input_filter(std::move(filter)); }
void ReadWrite::set_output_filter(AnyFilter filter) { state_->set_output_filter(std::move(filter)); }
Filter& ReadWrite::input_filter() const noexcept { return state_->input_filter(); }
Filter& ReadWrite::output_filter() const noexcept { return state_->output_filter(); }

void ReadWrite::on_record(Fn<void(std::string_view)> callback) {
  state_->replace(&CallbackReceiver::record_, std::move(callback));
}
void ReadWrite::on_error(Fn<void(const Error&)> callback) {
  state_->replace(&CallbackReceiver::error_, std::move(callback));
}
void ReadWrite::on_flushed(Fn<void()> callback) { state_->replace(&CallbackReceiver::flushed_, std::move(callback)); }
void ReadWrite::on_high(Fn<void()> callback) { state_->replace(&CallbackReceiver::high_, std::move(callback)); }
void ReadWrite::on_low(Fn<void()> callback) { state_->replace(&CallbackReceiver::low_, std::move(callback)); }

void ReadWrite::on_secured(Fn<void()> callback) { state_->replace(&CallbackReceiver::secured_, std::move(callback)); }

void ReadWrite::leave_unended() noexcept { state_->leave_unended(); }

const StreamLayer* ReadWrite::layer() const noexcept {
  const Layered* const layered = state_ == nullptr ? nullptr : state_->layered();
  return layered == nullptr ? nullptr : layered->layer.get();
}
void ReadWrite::set_water_marks(std::size_t high, std::size_t low) noexcept { state_->set_water_marks(high, low); }
std::uint64_t ReadWrite::in_octets() const noexcept { return state_->in_octets(); }
std::size_t ReadWrite::out_octets() const noexcept { return state_->out_octets(); }
std::size_t ReadWrite::out_messages() const noexcept { return state_->out_messages(); }
int ReadWrite::input_fd() const noexcept { return state_->input_fd(); }
int ReadWrite::output_fd() const noexcept { return state_->output_fd(); }

}  // namespace poe
