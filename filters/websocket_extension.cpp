// SPDX-License-Identifier: MIT
//
// The field Sec-WebSocket-Extensions, and what RFC 7692 says of its parameters.
#include "poe/filters/websocket_extension.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace poe {

namespace {

constexpr std::string_view kName = "permessage-deflate";
constexpr int kLargest = 15;

struct Parameter {
  std::string name;
  std::optional<std::string> value;
};

struct Extension {
  std::string name;
  std::vector<Parameter> parameters;
};

bool is_token(char c) {  // RFC 9110, 5.6.2
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// The list of RFC 6455, 9.1. Each function answers false if the text is none.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  bool list(std::vector<Extension>& all) {
    for (;;) {
      blanks();
      if (!rest_.empty() && rest_.front() != ',' && !extension(all.emplace_back())) return false;
      if (rest_.empty()) return !all.empty();
      if (!take(',')) return false;
    }
  }

 private:
  bool extension(Extension& one) {
    if (!token(one.name)) return false;
    while (take(';')) {
      Parameter& parameter = one.parameters.emplace_back();
      if (!token(parameter.name)) return false;
      if (take('=') && !value(parameter.value.emplace())) return false;
    }
    return true;
  }

  bool token(std::string& into) {
    blanks();
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_token);
    into.assign(rest_.begin(), end);
    rest_.remove_prefix(into.size());
    return !into.empty();
  }

  // A token, or one in quotes.
  bool value(std::string& into) {
    if (!take('"')) return token(into);
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') rest_.remove_prefix(1);
      if (rest_.empty() || !is_token(rest_.front())) return false;
      into += rest_.front();
      rest_.remove_prefix(1);
    }
    if (rest_.empty() || into.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool take(char wanted) {
    blanks();
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }

  std::string_view rest_;
};

Result<std::vector<Extension>> parse(std::string_view text) {
  std::vector<Extension> all;
  if (Parser(text).list(all)) return all;
  return failure(Errc::protocol, "read", "the field Sec-WebSocket-Extensions", "it is no list of extensions",
                 "refuse the handshake (RFC 6455, 9.1)");
}

// 8 to 15, in the shortest form.
std::optional<int> bits_of(const std::string& text) {
  if (text.size() == 1 && (text[0] == '8' || text[0] == '9')) return text[0] - '0';
  if (text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5') return 10 + text[1] - '0';
  return std::nullopt;
}

// What one element says, parameters that it has not left open.
struct Said {
  bool server_forgets = false;
  bool client_forgets = false;
  std::optional<int> server_bits;
  std::optional<int> client_bits;
  bool client_can_limit = false;  // client_max_window_bits, in an offer perhaps without a value
};

bool take_flag(const Parameter& parameter, bool& into) { return !parameter.value && !std::exchange(into, true); }

bool take_bits(const Parameter& parameter, std::optional<int>& into) {
  if (into || !parameter.value) return false;
  into = bits_of(*parameter.value);
  return into.has_value();
}

bool take_client_bits(const Parameter& parameter, bool is_offer, Said& said) {
  if (std::exchange(said.client_can_limit, true)) return false;
  return (is_offer && !parameter.value) || take_bits(parameter, said.client_bits);
}

// Nothing if a parameter is unknown, doubled or ill-valued.
std::optional<Said> understand(const Extension& extension, bool is_offer) {
  Said said;
  for (const Parameter& one : extension.parameters) {
    const bool fine = one.name == "server_no_context_takeover"   ? take_flag(one, said.server_forgets)
                      : one.name == "client_no_context_takeover" ? take_flag(one, said.client_forgets)
                      : one.name == "server_max_window_bits"     ? take_bits(one, said.server_bits)
                      : one.name == "client_max_window_bits"     ? take_client_bits(one, is_offer, said)
                                                                 : false;
    if (!fine) return std::nullopt;
  }
  return said;
}

std::string flags(const WebSocketDeflateTerms& terms) {
  std::string text(kName);
  if (terms.server_no_context_takeover) text += "; server_no_context_takeover";
  if (terms.client_no_context_takeover) text += "; client_no_context_takeover";
  return text;
}

std::string bits(const char* name, int value) { return "; " + std::string(name) + "=" + std::to_string(value); }

WebSocketDeflateAnswer answer_to(const Said& offer, const WebSocketDeflateTerms& wanted) {
  WebSocketDeflateAnswer answer;
  WebSocketDeflateTerms& terms = answer.terms;
  terms.server_no_context_takeover = offer.server_forgets || wanted.server_no_context_takeover;
  terms.client_no_context_takeover = offer.client_forgets || wanted.client_no_context_takeover;
  terms.server_max_window_bits = std::min(offer.server_bits.value_or(kLargest), wanted.server_max_window_bits);
  if (offer.client_can_limit) {  // else the client may not be told (7.1.2.2)
    terms.client_max_window_bits = std::min(offer.client_bits.value_or(kLargest), wanted.client_max_window_bits);
  }
  answer.text = flags(terms);
  if (offer.server_bits || terms.server_max_window_bits < kLargest) {
    answer.text += bits("server_max_window_bits", terms.server_max_window_bits);
  }
  if (terms.client_max_window_bits < kLargest) {
    answer.text += bits("client_max_window_bits", terms.client_max_window_bits);
  }
  return answer;
}

tl::unexpected<Error> bad_answer(const char* why) {
  return failure(Errc::protocol, "agree on", "permessage-deflate", why,
                 "end the connection; the server breaks RFC 7692, 7.1");
}

}  // namespace

WebSocketCodec::~WebSocketCodec() = default;
WebSocketDeflate::~WebSocketDeflate() = default;

std::string websocket_deflate_offer(const WebSocketDeflateTerms& wanted) {
  std::string text = flags(wanted);
  if (wanted.server_max_window_bits < kLargest) text += bits("server_max_window_bits", wanted.server_max_window_bits);
  if (wanted.client_max_window_bits < kLargest) {
    return text + bits("client_max_window_bits", wanted.client_max_window_bits);
  }
  return text + "; client_max_window_bits";
}

Result<std::optional<WebSocketDeflateAnswer>> websocket_deflate_answer(const WebSocketDeflateTerms& wanted,
                                                                       std::string_view offers) {
  const auto all = parse(offers);
  if (!all) return failure(all.error());
  for (const Extension& one : *all) {
    if (one.name != kName) continue;
    if (const auto offer = understand(one, true)) return answer_to(*offer, wanted);
  }
  return std::nullopt;
}

Result<std::optional<WebSocketDeflateTerms>> websocket_deflate_agreed(const WebSocketDeflateTerms& wanted,
                                                                      std::string_view answer) {
  if (answer.find_first_not_of(" \t") == std::string_view::npos) return std::nullopt;
  const auto all = parse(answer);
  if (!all) return failure(all.error());
  if (all->size() != 1 || all->front().name != kName) return bad_answer("an extension was not offered");
  const auto said = understand(all->front(), false);
  if (!said) return bad_answer("a parameter is unknown, doubled or ill-valued");
  if (wanted.server_no_context_takeover && !said->server_forgets) return bad_answer("the server will not forget");
  if (said->server_bits.value_or(kLargest) > wanted.server_max_window_bits) {
    return bad_answer("the server's window is larger than asked for");
  }
  WebSocketDeflateTerms terms;
  terms.server_no_context_takeover = said->server_forgets;
  // What we wished for ourselves we do, whether the server repeats it or not (7.1.1.2, 7.1.2.2).
  terms.client_no_context_takeover = said->client_forgets || wanted.client_no_context_takeover;
  terms.server_max_window_bits = said->server_bits.value_or(kLargest);
  terms.client_max_window_bits = std::min(said->client_bits.value_or(kLargest), wanted.client_max_window_bits);
  return terms;
}

}  // namespace poe
