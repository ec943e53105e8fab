// SPDX-License-Identifier: MIT
#include "poe/filters/input_buffer.hpp"

#include <algorithm>
#include <utility>

namespace poe {

namespace {
// Memory an idle filter may sit on; a longer record's memory is freed after it. Ten thousand idle connections count.
constexpr std::size_t kKeepCapacity = 512;
}  // namespace

void let_go(std::string& text) noexcept {
  if (text.capacity() > kKeepCapacity) {
    std::string().swap(text);
  } else {
    text.clear();
  }
}

void InputBuffer::feed(std::string_view bytes) {
  if (!fed().empty()) keep();
  borrowed_ = 0;
  if (overflow_ || stopped_) bytes = {};  // overflow: there is a gap before these bytes, they go with its report
  look_at(bytes);
}

void InputBuffer::keep() {
  const std::string_view rest = fed();
  look_at({});
  borrowed_ = 0;
  settle();
  const std::size_t held = held_.size() - begin_;
  const std::size_t room = limit_ > held ? limit_ - held : 0;
  if (rest.size() > room) overflow_ = true;
  if (begin_ > 0) held_.erase(0, std::exchange(begin_, 0));
  hold(rest.substr(0, room));
}

void InputBuffer::hold(std::string_view bytes) {
  held_.append(bytes);
  holding_ = holding_ || !bytes.empty();
}

void InputBuffer::drop(std::size_t at, std::size_t count) {
  const std::size_t held = held_.size() - begin_;
  if (at < held) {
    const std::size_t here = std::min(count, held - at);
    held_.erase(begin_ + at, here);
    return consume_fed(count - here);
  }
  hold(fed().substr(0, at - held));
  consume_fed(at - held + count);
}

void InputBuffer::borrow(std::size_t count) {
  count = std::min(count, fed().size());
  settle();
  if (begin_ > 0) held_.erase(0, std::exchange(begin_, 0));
  hold(fed().substr(0, count));
  consume_fed(count);
  borrowed_ += count;
}

void InputBuffer::give_back_after(std::size_t count) noexcept {
  const std::size_t surplus = std::min(borrowed_, held_.size() - begin_ - count);
  held_.resize(held_.size() - surplus);
  fed_ -= surplus;
  borrowed_ = 0;
}

void InputBuffer::release() noexcept {
  let_go(held_);
  holding_ = false;
  begin_ = 0;
  borrowed_ = 0;
}

std::string InputBuffer::take() {
  std::string all;
  all.reserve(size());
  all.append(held()).append(fed());
  begin_ = held_.size();
  look_at({});
  borrowed_ = 0;
  return all;
}

void InputBuffer::stop() noexcept {
  begin_ = held_.size();
  look_at({});
  borrowed_ = 0;
  overflow_ = false;
  stopped_ = true;
}

void InputBuffer::clear() noexcept {
  begin_ = held_.size();
  look_at({});
  borrowed_ = 0;
  overflow_ = false;
  settle();
}

}  // namespace poe
