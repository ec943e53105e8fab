// SPDX-License-Identifier: MIT
#include "growth.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace poe {

namespace {

constexpr std::uint64_t kFree = std::uint64_t{64} << 10;

Error too_much(std::string why) {
  return Error(Errc::limit, "decompress", "a stream", std::move(why),
               "raise max_ratio or max_output if such input is wanted; what follows is dropped");
}

// So many octets cannot become more than `left`; at least one. DEFLATE makes 258 octets of two bits, and may hold seven
// bits back. Of zstd a decompressor takes no more than a block at a time, and the octet that completes it by itself.
std::size_t harmless(std::uint64_t left) {
  constexpr std::uint64_t kMostOfAnOctet = 4 * 258;
  const std::uint64_t octets = left / kMostOfAnOctet;
  return octets < 2 ? 1 : static_cast<std::size_t>(std::min<std::uint64_t>(octets - 1, SIZE_MAX));
}

}  // namespace

std::uint64_t Growth::allowed() const noexcept {
  if (max_ratio_ == 0 || in_ + 1 >= (UINT64_MAX - kFree) / max_ratio_) return max_output_;
  return std::min(max_output_, kFree + (in_ + 1) * max_ratio_ - 1);
}

// What waits comes out before more goes in, and what goes in cannot pass the limit before its last octet. Otherwise a
// library reads on while it has no room, and input that it need not have seen yet would allow more output.
Growth::Step Growth::run(Decompressor& from, std::string_view& in, char* out, std::size_t room) {
  const std::uint64_t left = allowed() - out_;
  const std::string_view given = full_ ? std::string_view() : in.substr(0, harmless(left));
  std::string_view rest = given;
  if (left < room) room = static_cast<std::size_t>(left) + 1;
  Step step{};
  step.status = from.run(rest, out, room, step.made);
  const std::size_t taken = given.size() - rest.size();
  in.remove_prefix(taken);
  in_ += taken;
  out_ += step.made;
  step.stuck = !full_ && taken == 0 && step.made == 0;
  step.full = full_ = step.made == room && step.status == Decompressor::Status::more;
  return step;
}

std::optional<Error> Growth::check() const {
  if (out_ > max_output_) return too_much("it has more than " + std::to_string(max_output_) + " octets");
  if (excess() == 0) return std::nullopt;
  return too_much("it grows to more than " + std::to_string(max_ratio_) + " times its size");
}

}  // namespace poe
