// SPDX-License-Identifier: MIT
#include "http_tokeniser.hpp"

#include "http_text.hpp"

namespace poe {

namespace {
constexpr int kGoOn = 0;
}

HttpTokeniser::HttpTokeniser(bool request, std::size_t max_fields) noexcept : max_fields_(max_fields) {
  llhttp_init(&parser_, request ? HTTP_REQUEST : HTTP_RESPONSE, &settings());
  parser_.data = this;
}

// Pauses wherever the filter goes on by itself: after a head, after a chunk's line, after a message.
const llhttp_settings_t& HttpTokeniser::settings() noexcept {
  static const llhttp_settings_t kSettings = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_method = [](llhttp_t* p, const char* at, std::size_t n) { return self(p).method_.append(at, n), kGoOn; };
    s.on_url = [](llhttp_t* p, const char* at, std::size_t n) { return self(p).target_.append(at, n), kGoOn; };
    s.on_status = [](llhttp_t* p, const char* at, std::size_t n) { return self(p).reason_.append(at, n), kGoOn; };
    s.on_header_field = [](llhttp_t* p, const char* at, std::size_t n) { return self(p).name_.append(at, n), kGoOn; };
    s.on_header_value = [](llhttp_t* p, const char* at, std::size_t n) { return self(p).value_.append(at, n), kGoOn; };
    s.on_header_value_complete = [](llhttp_t* p) { return self(p).finish_field(); };
    s.on_headers_complete = [](llhttp_t* p) {
      p->upgrade = 0;  // leaving HTTP is for the filter to decide
      return static_cast<int>(HPE_PAUSED);
    };
    s.on_chunk_header = [](llhttp_t*) { return static_cast<int>(HPE_PAUSED); };
    s.on_message_complete = [](llhttp_t*) { return static_cast<int>(HPE_PAUSED); };
    return s;
  }();
  return kSettings;
}

llhttp_errno_t HttpTokeniser::execute(std::string_view text) noexcept {
  llhttp_resume(&parser_);
  return llhttp_execute(&parser_, text.data(), text.size());
}

int HttpTokeniser::finish_field() {
  too_many_ = fields_.size() >= max_fields_;
  bad_name_ = !is_token(name_);  // llhttp 8.1 takes an empty one
  if (too_many_ || bad_name_) return -1;
  fields_.add(name_, trimmed(value_));
  name_.clear();
  value_.clear();
  return kGoOn;
}

std::string HttpTokeniser::why() const {
  const char* const reason = llhttp_get_error_reason(&parser_);
  return reason != nullptr && *reason != '\0' ? reason : "it is malformed";
}

std::optional<HttpRefusal> HttpTokeniser::refusal() const {
  if (too_many_) return HttpRefusal{431, "it has more than " + std::to_string(max_fields_) + " fields"};
  if (bad_name_) return HttpRefusal{400, "the name of a field is no token"};
  return HttpRefusal{llhttp_get_errno(&parser_) == HPE_INVALID_VERSION ? 505 : 400, why()};
}

std::optional<HttpRefusal> HttpTokeniser::head(std::string_view section) {
  for (std::string* text : {&method_, &target_, &reason_, &name_, &value_}) text->clear();
  fields_.clear();
  too_many_ = bad_name_ = false;
  llhttp_reset(&parser_);
  const llhttp_errno_t error = execute(section);
  if (error == HPE_PAUSED && llhttp_get_error_pos(&parser_) == section.data() + section.size()) return std::nullopt;
  if (error == HPE_PAUSED) return HttpRefusal{400, "the head ends before its empty line"};
  if (error == HPE_OK) return HttpRefusal{400, "the head does not end at its empty line"};
  if (error == HPE_INVALID_METHOD && is_token(section.substr(0, section.find(' ')))) {
    return HttpRefusal{501, "its method is not known here"};
  }
  return refusal();
}

HttpTokeniser::Chunk HttpTokeniser::chunk_line(std::string_view text, std::size_t& used) {
  used = text.size();
  const llhttp_errno_t error = execute(text);
  if (error == HPE_OK) return Chunk::more;
  if (error != HPE_PAUSED) return Chunk::bad;
  used = static_cast<std::size_t>(llhttp_get_error_pos(&parser_) - text.data());
  return Chunk::header;
}

void HttpTokeniser::chunk_data(std::string_view text) { (void)execute(text); }

std::optional<HttpRefusal> HttpTokeniser::trailers(std::string_view section) {
  fields_.clear();
  name_.clear();
  value_.clear();
  const llhttp_errno_t error = execute(section);
  if (error == HPE_PAUSED && llhttp_get_error_pos(&parser_) == section.data() + section.size()) return std::nullopt;
  if (error == HPE_OK || error == HPE_PAUSED) return HttpRefusal{400, "the trailers do not end at their empty line"};
  return refusal();
}

}  // namespace poe
