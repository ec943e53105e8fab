// SPDX-License-Identifier: MIT
#include "poe/wheels/follow_tail.hpp"

#include <stdexcept>
#include <utility>

#include "follow_tail_state.hpp"

namespace poe {
namespace {

[[noreturn]] void misuse(const char* what) { throw std::invalid_argument(std::string("FollowTail: ") + what); }

}  // namespace

FollowTail::FollowTail() noexcept = default;

FollowTail::FollowTail(Self& self, FollowTailOptions options) {
  if (options.filename.empty() != static_cast<bool>(options.handle)) misuse("a file name or an open file is needed");
  if (options.seek && options.seek_back) misuse("seek and seek_back exclude each other");
  state_ = std::make_shared<State>(self, options);
  state_->begin(options);
}

FollowTail::FollowTail(FollowTail&& other) noexcept = default;

FollowTail& FollowTail::operator=(FollowTail&& other) noexcept {
  if (this != &other) {
    const auto former = std::exchange(state_, std::exchange(other.state_, nullptr));
    if (former) former->close();
  }
  return *this;
}

FollowTail::~FollowTail() {
  if (const auto state = std::exchange(state_, nullptr)) state->close();
}

std::uint64_t FollowTail::tell() const noexcept { return state_->tell(); }
bool FollowTail::has_notices() const noexcept { return state_->has_notices(); }
void FollowTail::pause() noexcept { state_->pause(); }
void FollowTail::resume() { state_->resume(); }
void FollowTail::set_filter(AnyFilter filter) { state_->set_filter(std::move(filter)); }

void FollowTail::on_record(Fn<void(std::string_view)> callback) {
  if (!callback) misuse("on_record cannot be empty");
  state_->take_records(std::move(callback));
}
void FollowTail::on_error(Fn<void(const Error&)> callback) { state_->on_error.set(std::move(callback)); }
void FollowTail::on_reset(Fn<void()> callback) { state_->on_reset.set(std::move(callback)); }
void FollowTail::on_idle(Fn<void()> callback) { state_->on_idle.set(std::move(callback)); }

}  // namespace poe
