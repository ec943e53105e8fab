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
  if (!fed_.empty()) keep();
  borrowed_ = 0;
  fed_ = bytes;
  if (overflow_ || stopped_) fed_ = {};  // overflow: there is a gap before these bytes, they go with its report
}

void InputBuffer::keep() {
  const std::string_view rest = std::exchange(fed_, {});
  borrowed_ = 0;
  settle();
  const std::size_t held = held_.size() - begin_;
  const std::size_t room = limit_ > held ? limit_ - held : 0;
  if (rest.size() > room) overflow_ = true;
  if (begin_ > 0) held_.erase(0, std::exchange(begin_, 0));
  held_.append(rest.substr(0, room));
}

void InputBuffer::drop(std::size_t at, std::size_t count) {
  const std::size_t held = held_.size() - begin_;
  if (at < held) {
    const std::size_t here = std::min(count, held - at);
    held_.erase(begin_ + at, here);
    return fed_.remove_prefix(count - here);
  }
  held_.append(fed_.substr(0, at - held));
  fed_.remove_prefix(at - held + count);
}

void InputBuffer::borrow(std::size_t count) {
  count = std::min(count, fed_.size());
  settle();
  if (begin_ > 0) held_.erase(0, std::exchange(begin_, 0));
  held_.append(fed_.substr(0, count));
  fed_.remove_prefix(count);
  borrowed_ += count;
}

void InputBuffer::give_back_after(std::size_t count) noexcept {
  const std::size_t surplus = std::min(borrowed_, held_.size() - begin_ - count);
  held_.resize(held_.size() - surplus);
  fed_ = std::string_view(fed_.data() - surplus, fed_.size() + surplus);
  borrowed_ = 0;
}

void InputBuffer::release() noexcept {
  let_go(held_);
  begin_ = 0;
  borrowed_ = 0;
}

std::string InputBuffer::take() {
  std::string all;
  all.reserve(size());
  all.append(held()).append(fed_);
  begin_ = held_.size();
  fed_ = {};
  borrowed_ = 0;
  return all;
}

void InputBuffer::stop() noexcept {
  begin_ = held_.size();
  fed_ = {};
  borrowed_ = 0;
  overflow_ = false;
  stopped_ = true;
}

void InputBuffer::clear() noexcept {
  begin_ = held_.size();
  fed_ = {};
  borrowed_ = 0;
  overflow_ = false;
  settle();
}

}  // namespace poe
