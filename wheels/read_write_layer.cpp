// SPDX-License-Identifier: MIT
//
// ReadWrite over a layer (TLS): what is read goes through it before the filters see it, what was put goes through it
// before it is queued. What the layer says by itself is queued where it belongs, and counts as no put().
#include <algorithm>
#include <array>
#include <limits>

#include "poe/filters/input_buffer.hpp"
#include "poe/kernel.hpp"
#include "read_write_state.hpp"

namespace poe {
namespace {

constexpr std::size_t kAhead = std::size_t{64} << 10;  // octets encoded before the system takes them, or a piece more
constexpr std::size_t kPiece = std::size_t{16} << 10;  // of one encode(): the plain text of the largest TLS record
constexpr int kRounds = 16;                            // of kAhead octets each, before others have their turn
constexpr std::size_t kOwnWords = std::size_t{256} << 10;  // octets a layer may say to a peer that takes nothing
constexpr std::size_t kWireRead = StreamDriver::kReadSize - StreamLayer::kMaxHeld;

}  // namespace

Result<void> ReadWrite::State::secure(std::unique_ptr<StreamLayer> layer) {
  const auto refused = [this](Errc code, const char* why, const char* advice = "") {
    return failure(code, "secure", subject(input_.get()), why, advice);
  };
  if (layer == nullptr) return refused(Errc::invalid_argument, "no layer was given");
  if (layered() != nullptr)
    return refused(Errc::invalid_argument, "it has a layer already", "one layer for each wheel");
  if (closed_ || input_ended_) return refused(Errc::closed, "its input has ended");
  if (output_failed_ || output_ending_) return refused(Errc::closed, "its output has ended");
  if (!input_ || (separate_ && !output_)) return refused(Errc::invalid_argument, "a layer needs both directions");
  Frame frame(*this);
  const std::string early = input_filter_->take_pending();
  std::unique_ptr<Filter> fresh = input_filter_->clone();
  retire(std::exchange(input_filter_, std::move(fresh)));
  held_ = false;
  begin_layer(std::move(layer), early);
  return {};
}

void ReadWrite::State::begin_layer(std::unique_ptr<StreamLayer> layer, std::string_view early) {
  Layered& l = *(rare().layered = std::make_unique<Layered>(std::move(layer)));
  out_.set_max_queued(std::numeric_limits<std::size_t>::max());  // put() and say() keep to theirs
  if (!input_ || (separate_ && !output_)) {
    return layer_failed(Error(Errc::invalid_argument, "secure", "a ReadWrite", "a layer needs both directions"));
  }
  std::string hello;
  const auto begun = l.layer->begin(hello);
  say(std::move(hello));
  if (!begun) return layer_failed(begun.error());
  l.limit = self_.after(l.layer->opening_limit(), [this] {
    Frame frame(*this);
    if (opening()) layer_failed(layered()->layer->too_slow());
  });
  if (!read_watch_) {
    begin_reading();
    if (input_ended_) return layer_failed(*fault_);
  } else {
    read_watch_.resume(POE_READ);
  }
  std::array<char, kPiece> plain;  // stays empty: no layer opens by what came before it said anything
  for (; !early.empty() && l.opening(); early.remove_prefix(std::min(kPiece / 2, early.size()))) {
    static_cast<void>(decode(early.substr(0, kPiece / 2), plain));
  }
}

// ---- input ----------------------------------------------------------------------------------------------------------

// Whether there may be more.
bool ReadWrite::State::read_wire() {
  std::array<char, StreamDriver::kReadSize> plain;
  const std::uint64_t before = in_octets_;
  const std::size_t got = fetch(plain);
  if (!opens()) {
    if (!closed_ && got > 0 && !input_ended_) accept_bytes({plain.data(), got});
  } else {
    layer_opened({plain.data(), got});
  }
  if (!closed_) tell_layer_end();
  if (!closed_) output_turn();
  return !closed_ && in_octets_ > before;
}

// The wire's octets lie in a frame of their own, which is gone when records are delivered. With what the layer holds
// they are no more than `plain` takes: nothing is ever left in the layer that no readiness would tell of.
std::size_t ReadWrite::State::fetch(std::span<char> plain) {
  std::array<char, kWireRead> wire;
  const std::size_t size = std::clamp<std::size_t>(budget_.bytes, 1, wire.size());
  const auto got = StreamDriver::read(input_, std::span(wire).first(size));
  if (!got) {
    wire_ended(got.error());
    return 0;
  }
  in_octets_ += *got;
  return *got > 0 ? decode({wire.data(), *got}, plain) : 0;
}

std::size_t ReadWrite::State::decode(std::string_view wire, std::span<char> plain) {
  Layered& l = *layered();
  std::size_t sum = 0;
  while (!l.failed) {
    std::string answer;
    const auto got = l.layer->decode(wire, plain.subspan(sum), answer);
    say(std::move(answer));
    wire = {};
    if (!got) layer_failed(got.error());
    if (!got || *got == 0) break;
    sum += *got;
  }
  if (l.layer->input_ended() && !l.end) {
    l.end = Error(Errc::end_of_file, "read", subject(input_.get()), "the other side has ended the stream");
  }
  return sum;
}

void ReadWrite::State::wire_ended(const Error& error) {
  Layered& l = *layered();
  const bool cut = error.code() == Errc::end_of_file;
  if (opening()) return layer_failed(cut ? l.layer->cut_off() : error);
  if (l.end) return;
  const Error what = l.layer->cut_off();
  l.end = cut ? Error(Errc::truncated, "read", subject(input_.get()), what.reason(), what.advice()) : error;
}

// While it opens there are no records before this, and whoever waits for none must hear of it all the same.
void ReadWrite::State::layer_failed(const Error& error) {
  Layered& l = *layered();
  if (std::exchange(l.failed, true)) return;
  l.limit.cancel();
  if (!output_failed_ && !output_ended_) static_cast<void>(out_.flush(separate_ ? output_ : input_));  // says why
  output_failed_ = true;
  want_writable(false);
  if (l.told_open) return open_layer_failed(error);
  input_ended_ = true;
  rare().input_end = error;
  fault_ = error;
  stop_reading();
  if (!receives_ && reader_waits()) serve_reader();
}

// Once, behind the records before it; at once if nobody would hear of it there.
void ReadWrite::State::open_layer_failed(const Error& error) {
  Layered& l = *layered();
  fail_outputs(error);
  if (l.end || input_ended_ || !receives_) fault_ = error;
  if (!l.end) l.end = error;
}

// What came with the last flight is kept before anybody is told: the callback may throw, read on, or run a timeslice.
void ReadWrite::State::layer_opened(std::string_view first) {
  Layered& l = *layered();
  l.told_open = true;
  l.limit.cancel();
  if (!first.empty() && !input_ended_) {
    input_filter_->feed(first);
    input_filter_->keep();
    held_ = true;
  }
  tell_secured();
  if (!is_heard()) return;  // nobody has agreed to the other side: what was put does not leave
  l.agreed = true;
  dirty_ = true;  // what was put meanwhile
  if (!reads()) read_watch_.pause(POE_READ);
  if (rare_) settle_outputs();
  if (!held_ || !reads()) return;
  records_left_ = std::max<std::uint32_t>(budget_.records, 1);
  deliver();
}

// A check of the other side that throws has not been passed: then it is as if the layer had never opened.
void ReadWrite::State::tell_secured() {
  if (!is_heard()) return;
  ++delivering_;
  try {
    receiver_->on_secured();
  } catch (...) {
    leave_level();
    if (closed_) throw;
    held_ = false;
    static_cast<void>(input_filter_->take_pending());
    layered()->told_open = false;
    layer_failed(Error(Errc::exception, "secure", subject(input_.get()), "on_secured threw: nobody vouches for it"));
    throw;
  }
  leave_level();
}

// A wheel that is read by a coroutine asks for its records first. Who has paused until its output has gone hears that
// it never will.
bool ReadWrite::State::layer_end_due() const noexcept {
  const Layered* const l = layered();
  if (l == nullptr || !l->end || input_ended_) return false;
  if (!receives_) return true;
  if (paused_) return l->failed && unflushed_ && is_heard();
  return !held_ && reads();
}

void ReadWrite::State::tell_layer_end() {
  if (!layer_end_due()) return;
  const Error error = *layered()->end;
  end_of_input(error);
}

// ---- output ---------------------------------------------------------------------------------------------------------

void ReadWrite::State::say(std::string&& words) {
  if (words.empty() || output_failed_ || output_ended_) return;
  static_cast<void>(out_.put_owned(std::move(words)));  // it has no limit of its own
  dirty_ = true;
  if (out_.octets_in_memory() <= output_limit_ + kOwnWords || layered()->failed) return;
  layer_failed(
      Error(Errc::limit, "secure", subject(output_fd()),
            "the other side makes us answer and does not listen: " + std::to_string(out_.octets()) + " octets wait",
            "drop this peer"));
}

Result<void> ReadWrite::State::encode_plain(std::string_view record) {
  Layered& l = *layered();
  struct Undo {
    std::string& plain;
    std::size_t former;
    bool done = false;
    ~Undo() {
      if (!done) plain.resize(former);
    }
  } undo{l.open_end(), l.open_end().size()};
  if (auto encoded = output_filter().encode(record, undo.plain); !encoded) return encoded;
  const std::size_t added = undo.plain.size() - undo.former;
  const std::size_t former = out_.octets_in_memory() + l.in_memory() - (l.files.empty() ? added : 0);
  if (former + added > output_limit_) {
    undo.plain.resize(undo.former);
    return refuse(record);
  }
  l.put_done(undo.former);
  undo.done = true;
  return {};
}

// Not before the layer is open and everybody knows: on_secured is the place to look at the other side, and to drop it.
Result<void> ReadWrite::State::encode_ahead() {
  Layered& l = *layered();
  if (!l.agreed || l.said_end) return {};
  while (l.waiting() > 0 && out_.octets() < kAhead) {
    if (auto read = l.refill(); !read) return read;
    const std::string_view piece = std::string_view(l.plain).substr(l.encoded, kPiece);
    std::string wire;
    if (auto done = l.layer->encode(piece, wire); !done) {
      say(std::move(wire));  // its last words
      layer_failed(done.error());
      return {};
    }
    l.encoded += piece.size();
    static_cast<void>(out_.put_owned(std::move(wire)));
  }
  if (l.waiting() == 0) {
    let_go(l.plain);
    l.encoded = 0;
    l.files.clear();
  } else if (l.encoded > l.plain.size() / 2) {
    l.plain.erase(0, std::exchange(l.encoded, 0));
  }
  if (l.waiting() == 0 && output_ending_) {
    l.said_end = true;
    std::string wire;
    l.layer->end(wire);
    static_cast<void>(out_.put_owned(std::move(wire)));
  }
  return {};
}

// What it gives back waits for the descriptor; what waits for the layer does not count while that opens.
Result<std::size_t> ReadWrite::State::flush_layer() {
  for (int round = 0; round < kRounds; ++round) {
    if (auto done = encode_ahead(); !done) return failure(done.error());
    if (layered()->failed) return std::size_t{0};  // nobody waits for the descriptor
    const auto left = out_.flush(separate_ ? output_ : input_);
    if (!left || *left > 0 || !layered()->agreed || layered()->waiting() == 0) return left;
  }
  return queued();
}

// The wheel goes. Only if all that was put is out is this the end; if not, the other side should notice.
void ReadWrite::State::say_goodbye() {
  Layered& l = *layered();
  l.limit.cancel();
  if (!l.told_open || l.unended || l.failed || l.said_end || output_failed_ || output_ended_) return;
  if (unflushed_ && queued() > 0) return;
  std::string wire;
  l.layer->end(wire);
  static_cast<void>(out_.put_owned(std::move(wire)));
  static_cast<void>(out_.flush(separate_ ? output_ : input_));
}

void ReadWrite::State::leave_unended() noexcept {
  if (layered() != nullptr) layered()->unended = true;
}

std::size_t ReadWrite::State::out_messages() const noexcept {
  return out_.messages() + (layered() != nullptr && layered()->waiting() > 0 ? 1 : 0);
}

}  // namespace poe
