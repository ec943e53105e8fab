// SPDX-License-Identifier: MIT
#include "poe/filters/websocket.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <utility>

#include "utf8.hpp"

namespace poe {

namespace {

constexpr std::size_t kLongestHead = 14;
constexpr std::size_t kMostControl = 125;

bool is_control(WebSocketKind kind) { return static_cast<unsigned>(kind) >= 8; }

std::array<char, 4> random_mask(const WebSocketOptions& options) {
  const std::uint32_t value = options.mask ? options.mask() : static_cast<std::uint32_t>(std::random_device()());
  std::array<char, 4> mask{};
  for (std::size_t i = 0; i < mask.size(); ++i) mask[i] = static_cast<char>(value >> (8 * i) & 0xFF);
  return mask;
}

void append_masked(std::string_view payload, const std::array<char, 4>& mask, std::size_t from, std::string& out) {
  const std::size_t before = out.size();
  out.append(payload);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out[before + i] = static_cast<char>(out[before + i] ^ mask[(from + i) % 4]);
  }
}

// Of one message. Noise grows when it is compressed: by an eighth with the worst settings of zlib (deflateBound()).
std::size_t most_on_wire(const WebSocketOptions& options) {
  const std::size_t most = std::min(options.max_message, SIZE_MAX / 2);
  return options.deflate ? most + most / 8 + 64 : most;
}

bool may_be_sent(unsigned code) {  // RFC 6455, 7.4
  return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999);
}

}  // namespace

struct WebSocketFilter::Head {
  std::size_t size = 2;
  std::uint64_t payload = 0;
  unsigned opcode = 0;
  bool final = false;
  bool packed = false;  // RSV1
  bool reserved = false;
  bool masked = false;
  bool shortest = true;
  std::array<char, 4> mask{};
};

WebSocketFilter::WebSocketFilter(WebSocketOptions options)
    : options_(std::move(options)), input_(std::max(options_.max_buffer, most_on_wire(options_) + kLongestHead)) {}

WebSocketCodec& WebSocketFilter::codec() {
  if (!codec_) codec_ = options_.deflate->open(options_.deflate_terms, options_.is_client);
  return *codec_;
}

std::optional<Error> WebSocketFilter::fail(std::uint16_t code, std::string why) {
  failure_code_ = code;
  frames_ = 0;
  let_go(message_);
  codec_.reset();
  input_.stop();
  const Errc kind = code == 1009 ? Errc::limit : code == 1011 ? Errc::system : Errc::protocol;
  return Error(kind, "read", "a WebSocket frame", std::move(why),
               "close with failure_code(); nothing that follows is read");
}

// The head of the next frame once all of it is here.
std::optional<WebSocketFilter::Head> WebSocketFilter::read_head() {
  if (!input_.held().empty() && input_.held().size() < kLongestHead) input_.borrow(kLongestHead - input_.held().size());
  const std::string_view text = input_.held().empty() ? input_.fed() : input_.held();
  const auto octet = [&](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(text[at])); };
  if (text.size() < 2) return std::nullopt;
  Head head;
  head.final = (octet(0) & 0x80U) != 0;
  head.packed = (octet(0) & 0x40U) != 0;
  head.reserved = (octet(0) & 0x30U) != 0;
  head.opcode = octet(0) & 0x0FU;
  head.masked = (octet(1) & 0x80U) != 0;
  head.payload = octet(1) & 0x7FU;
  const std::size_t more = head.payload == 127 ? 8 : (head.payload == 126 ? 2 : 0);
  head.size += more + (head.masked ? 4 : 0);
  if (text.size() < head.size) return std::nullopt;
  if (more > 0) head.payload = 0;
  for (std::size_t i = 0; i < more; ++i) head.payload = head.payload << 8 | octet(2 + i);
  head.shortest = more == 0 || head.payload > (more == 2 ? 125U : 0xFFFFU);
  if (head.masked) std::copy_n(text.data() + head.size - 4, 4, head.mask.begin());
  return head;
}

std::optional<Error> WebSocketFilter::check(const Head& head) {
  const bool control = head.opcode >= 8;
  const bool may_be_packed = options_.deflate && (head.opcode == 1 || head.opcode == 2);
  if (head.reserved || (head.packed && !may_be_packed)) return fail(1002, "a reserved bit is set");
  if (head.opcode > 10 || (head.opcode > 2 && head.opcode < 8)) return fail(1002, "its opcode is not defined");
  if (head.masked == options_.is_client)
    return fail(1002, head.masked ? "a server masked it" : "a client did not mask it");
  if (!head.shortest || head.payload >> 63 != 0) return fail(1002, "its length is not in the shortest form");
  if (control && (!head.final || head.payload > kMostControl))
    return fail(1002, "a control frame is too large or in parts");
  if (!control && (head.opcode == 0) != (frames_ > 0))
    return fail(1002, "a message begins or goes on at the wrong place");
  if (control) return std::nullopt;
  const bool packed = head.opcode == 0 ? packed_ : head.packed;
  if (head.payload > (packed ? most_on_wire(options_) - wire_ : options_.max_message - message_.size())) {
    return fail(1009, "a message is longer than " + std::to_string(options_.max_message) + " octets");
  }
  if (frames_ >= options_.max_frames) return fail(1009, "a message has too many frames");
  return std::nullopt;
}

WebSocketFilter::Record WebSocketFilter::next() {
  let_go(delivered_);
  input_.settle();
  while (!input_.stopped()) {
    const auto head = read_head();
    if (head) {
      if (auto error = check(*head)) return failure(std::move(*error));
      if (input_.size() >= head->size + head->payload) {
        if (auto record = take_frame(*head)) return std::move(*record);
        continue;
      }
    }
    input_.keep();
    if (!input_.overflow()) break;
    return failure(std::move(*fail(1009, "more octets came before any message was asked for than max_buffer allows")));
  }
  return std::nullopt;
}

void WebSocketFilter::take_payload(const Head& head, std::string& into) {
  std::size_t left = head.size;
  std::size_t done = 0;
  const auto payload = static_cast<std::size_t>(head.payload);
  while (left > 0 || done < payload) {  // the frame may lie in both parts of the input
    const std::string_view part = input_.held().empty() ? input_.fed() : input_.held();
    const std::size_t skip = std::min(left, part.size());
    const std::string_view piece = part.substr(skip, payload - done);
    append_masked(piece, head.mask, done, into);
    left -= skip;
    done += piece.size();
    input_.consume(skip + piece.size());
  }
  input_.settle();
}

std::optional<Error> WebSocketFilter::take_packed(const Head& head) {
  std::string wire;
  take_payload(head, wire);
  wire_ += wire.size();
  const auto done = codec().unpack(wire, head.final, options_.max_message, message_);
  if (done) return std::nullopt;
  const Errc kind = done.error().code();
  return fail(kind == Errc::limit ? 1009 : kind == Errc::system ? 1011 : 1007, done.error().reason());
}

std::optional<WebSocketFilter::Record> WebSocketFilter::take_frame(const Head& head) {
  if (head.opcode >= 8) {
    control_.clear();
    take_payload(head, control_);
    const auto kind = static_cast<WebSocketKind>(head.opcode);
    return kind == WebSocketKind::close ? deliver_close(control_) : deliver(kind, control_);
  }
  if (frames_++ == 0) {
    message_kind_ = static_cast<WebSocketKind>(head.opcode);
    packed_ = head.packed;
    wire_ = 0;
  }
  if (!packed_) {
    take_payload(head, message_);
  } else if (auto error = take_packed(head)) {
    return failure(std::move(*error));
  }
  if (!head.final) return std::nullopt;
  frames_ = 0;
  if (message_kind_ == WebSocketKind::text && !is_utf8(message_)) {
    return failure(std::move(*fail(1007, "a text is not UTF-8")));
  }
  return deliver(message_kind_, message_);
}

WebSocketFilter::Record WebSocketFilter::deliver(WebSocketKind kind, std::string& payload) {
  kind_ = kind;
  delivered_.swap(payload);
  payload.clear();
  return delivered_;
}

WebSocketFilter::Record WebSocketFilter::deliver_close(std::string& payload) {
  const auto octet = [&](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(payload[at])); };
  unsigned code = 1005;
  if (payload.size() == 1) return failure(std::move(*fail(1002, "a close frame has half a code")));
  if (payload.size() >= 2) {
    code = octet(0) << 8 | octet(1);
    payload.erase(0, 2);
    if (!may_be_sent(code)) return failure(std::move(*fail(1002, "a close frame has a code that is not defined")));
    if (!is_utf8(payload)) return failure(std::move(*fail(1007, "the reason of a close frame is not UTF-8")));
  }
  frames_ = 0;
  let_go(message_);
  input_.stop();
  close_code_ = static_cast<std::uint16_t>(code);
  return deliver(WebSocketKind::close, payload);
}

WebSocketFilter::Record WebSocketFilter::finish() {
  auto record = next();
  if (!record || record->has_value() || input_.stopped()) return record;
  const bool within = !input_.empty() || frames_ > 0;
  input_.clear();
  if (!within) return std::nullopt;
  return failure(std::move(*fail(1002, "the connection ended within a message")));
}

Result<void> WebSocketFilter::check_put(WebSocketKind kind, std::string_view payload) const {
  const auto misuse = [](const char* why) {
    return failure(Errc::invalid_argument, "encode", "a WebSocket frame", why, "send it as binary, or in parts");
  };
  if (closed_) return failure(Errc::closed, "encode", "a WebSocket frame", "a close frame was written before", "");
  if (is_control(kind) && payload.size() > kMostControl) return misuse("a control frame holds 125 octets at most");
  if (kind == WebSocketKind::text && !is_utf8(payload)) return misuse("a text must be UTF-8");
  if (payload.size() <= options_.max_message) return {};
  return failure(Errc::limit, "encode", "a WebSocket message",
                 "it is longer than " + std::to_string(options_.max_message) + " octets", "raise max_message");
}

void WebSocketFilter::write_head(WebSocketKind kind, std::size_t size, bool packed, std::string& out) const {
  const unsigned mask_bit = options_.is_client ? 0x80 : 0;
  const std::size_t more = size <= 125 ? 0 : (size <= 0xFFFF ? 2 : 8);
  out.push_back(static_cast<char>((packed ? 0xC0U : 0x80U) | static_cast<unsigned>(kind)));
  out.push_back(static_cast<char>(mask_bit | (more == 0 ? size : (more == 2 ? 126U : 127U))));
  for (std::size_t i = more; i-- > 0;)
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(size) >> (8 * i) & 0xFF));
}

void WebSocketFilter::write_frame(WebSocketKind kind, std::string_view payload, bool packed, std::string& out) const {
  write_head(kind, payload.size(), packed, out);
  if (!options_.is_client) {
    out.append(payload);
    return;
  }
  const auto mask = random_mask(options_);
  out.append(mask.data(), mask.size());
  append_masked(payload, mask, 0, out);
}

Result<void> WebSocketFilter::encode_as(WebSocketKind kind, std::string_view payload, std::string& out) {
  if (kind == WebSocketKind::close) return encode_close(1000, payload, out);
  if (auto fine = check_put(kind, payload); !fine) return fine;
  std::string packed;
  const bool smaller = options_.deflate && !is_control(kind) && codec().pack(payload, packed);
  write_frame(kind, smaller ? packed : payload, smaller, out);
  return {};
}

void WebSocketFilter::forget_encoded() noexcept {
  if (codec_) codec_->forget_packed();
}

Result<void> WebSocketFilter::encode_close(std::uint16_t code, std::string_view reason, std::string& out) {
  if (!may_be_sent(code) || !is_utf8(reason)) {
    return failure(Errc::invalid_argument, "encode", "a WebSocket close frame",
                   "its code may not be sent or its reason is not UTF-8", "use 1000, or 3000 to 4999");
  }
  std::string payload;
  payload.push_back(static_cast<char>(code >> 8));
  payload.push_back(static_cast<char>(code & 0xFF));
  payload += reason;
  if (auto fine = check_put(WebSocketKind::close, payload); !fine) return fine;
  write_frame(WebSocketKind::close, payload, false, out);
  closed_ = true;
  return {};
}

Result<void> WebSocketFilter::encode(std::string_view record, std::string& out) {
  return encode_as(options_.put_as, record, out);
}

}  // namespace poe
