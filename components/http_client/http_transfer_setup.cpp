// SPDX-License-Identifier: MIT
//
// How a request becomes libcurl's options.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>
#include <type_traits>

#include "http_client_core.hpp"
#include "http_transfer.hpp"
#include "poe/filters/http_text.hpp"

namespace poe {
namespace {

/// Sets options until one is refused.
class Options {
 public:
  explicit Options(CURL* easy) noexcept : easy_(easy) {}
  template <class T>
  Options& set(CURLoption option, T value) noexcept {
    static_assert(std::is_pointer_v<T> || sizeof(T) == sizeof(long), "libcurl takes long, curl_off_t and pointers");
    if (code_ == CURLE_OK) code_ = ::curl_easy_setopt(easy_, option, value);
    return *this;
  }
  CURLcode code() const noexcept { return code_; }

 private:
  CURL* easy_;
  CURLcode code_ = CURLE_OK;
};

/// What libcurl must decide, or the answer could be taken for another one's.
bool is_reserved(const HttpFields& fields, std::string_view* which) {
  for (const std::string_view name : {"Content-Length", "Transfer-Encoding", "Connection"}) {
    if (fields.find(name)) return *which = name, true;
  }
  return false;
}

long milliseconds(Duration time) {
  using Milli = std::chrono::milliseconds;
  const auto whole = std::chrono::ceil<Milli>(std::min(time, Duration(std::chrono::hours(24 * 20))));  // < 2^31 ms
  return std::max(static_cast<long>(whole.count()), 1L);                                               // 0: 300 s
}

}  // namespace

/// libcurl's side of its callbacks. Nothing may be thrown through it.
struct HttpTransferHooks {
  static std::size_t header(const char*, std::size_t, std::size_t count, void* user) noexcept {
    auto& transfer = *static_cast<HttpTransfer*>(user);
    try {
      return transfer.take_header(count) ? count : CURL_WRITEFUNC_ERROR;
    } catch (...) {
      return CURL_WRITEFUNC_ERROR;  // out of memory
    }
  }
  static std::size_t body(const char* data, std::size_t, std::size_t count, void* user) noexcept {
    auto& transfer = *static_cast<HttpTransfer*>(user);
    try {
      return transfer.take_body({data, count}) ? count : CURL_WRITEFUNC_ERROR;
    } catch (...) {
      return CURL_WRITEFUNC_ERROR;  // out of memory
    }
  }
  static int connected(void* user, char*, char*, int, int) noexcept {
    auto& transfer = *static_cast<HttpTransfer*>(user);
    try {
      return transfer.begin_hop() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
    } catch (...) {
      return CURL_PREREQFUNC_ABORT;  // out of memory
    }
  }
  static int progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t sent) noexcept {
    auto& transfer = *static_cast<HttpTransfer*>(user);
    if (sent != transfer.sent_) transfer.mark_progress();
    transfer.sent_ = sent;
    return 0;
  }
  /// A redirect's look-up has connect_time again, not the idle_time of the connection before.
  static int look_up(void*, void*, void* user) noexcept {
    static_cast<HttpTransfer*>(user)->connected_ = false;
    return 0;
  }
  static curl_socket_t open_socket(void* user, curlsocktype, curl_sockaddr* to) noexcept {
    auto& transfer = *static_cast<HttpTransfer*>(user);
    transfer.connected_ = false;  // as in look_up(), which known names and numbers go without
    try {
      auto& allow = transfer.core_->options().allow_address;
      const auto address = SocketAddress::from_raw(&to->addr, to->addrlen);
      if (allow && !allow(address)) {
        transfer.refused_address_ = address.to_string();
        return CURL_SOCKET_BAD;
      }
      const int socket = ::socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
      transfer.socket_error_ = socket < 0 ? errno : 0;  // the last one that is tried says why
      if (socket < 0) return CURL_SOCKET_BAD;
      transfer.core_->note_socket(socket);
      return socket;
    } catch (...) {
      return CURL_SOCKET_BAD;
    }
  }
};

Result<void> HttpTransfer::check_request() const {
  std::string_view reserved;
  if (!is_token(request_.method) || request_.method == "CONNECT") {
    return failure(error(Errc::invalid_argument, "that is no method a client can ask with", "use GET, POST, ..."));
  }
  if (request_.method == "HEAD" && !request_.body.empty()) {
    return failure(error(Errc::invalid_argument, "HEAD has no body", "leave the body out, or use another method"));
  }
  if (request_.url.find('\0') != std::string::npos) {
    return failure(error(Errc::invalid_argument, "the URL has a NUL in it", "percent-encode it"));
  }
  if (is_reserved(request_.fields, &reserved)) {
    return failure(error(Errc::invalid_argument, std::string(reserved) + " is not the caller's to give",
                         "leave it out: the client adds what is needed"));
  }
  for (std::size_t i = 0; i < request_.fields.size(); ++i) {
    const HttpField field = request_.fields[i];
    if (is_token(field.name) && is_field_value(field.value)) continue;
    return failure(error(Errc::invalid_argument, "field " + std::to_string(i + 1) + " of the request cannot be sent",
                         "names are tokens, values have no control characters but tabs"));
  }
  return {};
}

Result<void> HttpTransfer::prepare(CURLSH* share) {
  if (auto checked = check_request(); !checked) return checked;
  easy_.reset(::curl_easy_init());
  if (easy_ == nullptr) return failure(error(Errc::system, "out of memory"));
  const CURLcode code = set_options(share);
  if (code != CURLE_OK) return failure(failure_of(code));
  return {};
}

CURLcode HttpTransfer::set_options(CURLSH* share) {
  Options options(easy_.get());
  options.set(CURLOPT_PRIVATE, this).set(CURLOPT_ERRORBUFFER, text_).set(CURLOPT_SHARE, share);
  options.set(CURLOPT_NOSIGNAL, 1L).set(CURLOPT_QUICK_EXIT, 1L);  // a cancelled look-up is not waited for
  options.set(CURLOPT_URL, request_.url.c_str());
  for (const auto part : {&HttpTransfer::set_method, &HttpTransfer::set_fields, &HttpTransfer::set_connection,
                          &HttpTransfer::set_limits, &HttpTransfer::set_hooks}) {
    if (options.code() != CURLE_OK) return options.code();
    if (const CURLcode code = (this->*part)(); code != CURLE_OK) return code;
  }
  return options.code();
}

bool HttpTransfer::may_redirect() const noexcept {
  // Others would be repeated as they are even after a 303, and not all may be made twice.
  return limits_.max_redirects > 0 &&
         (request_.method == "GET" || request_.method == "HEAD" || request_.method == "POST");
}

CURLcode HttpTransfer::set_method() {
  Options options(easy_.get());
  const bool has_body = !request_.body.empty() || request_.method == "POST";
  if (has_body) {
    options.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    options.set(CURLOPT_POSTFIELDS, request_.body.data());  // not copied
  }
  if (request_.method == "HEAD") return options.set(CURLOPT_NOBODY, 1L).code();
  // Not for POST: libcurl would also repeat it as such after a 303.
  if (request_.method != (has_body ? "POST" : "GET")) {
    options.set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
  return options.code();
}

bool HttpTransfer::add_line(const std::string& line) {
  curl_slist* const longer = ::curl_slist_append(lines_.get(), line.c_str());
  if (longer == nullptr) return false;
  static_cast<void>(lines_.release());
  lines_.reset(longer);
  return true;
}

CURLcode HttpTransfer::set_fields() {
  const HttpClientOptions& client = core_->options();
  bool added = true;
  for (std::size_t i = 0; i < request_.fields.size() && added; ++i) {
    const HttpField field = request_.fields[i];
    const std::string name(field.name);
    const std::string value(trimmed(field.value));
    added = add_line(value.empty() ? name + ';' : name + ": " + value);  // ';': an empty one, else it is taken out
  }
  if (!request_.fields.find("Content-Type")) added = added && add_line("Content-Type:");  // else libcurl makes one up
  if (!added) return CURLE_OUT_OF_MEMORY;
  Options options(easy_.get());
  options.set(CURLOPT_HTTPHEADER, lines_.get()).set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  if (!client.user_agent.empty()) options.set(CURLOPT_USERAGENT, client.user_agent.c_str());
  if (client.decompress) options.set(CURLOPT_ACCEPT_ENCODING, "");
  return options.code();
}

CURLcode HttpTransfer::set_connection() {
  const HttpClientOptions& client = core_->options();
  Options options(easy_.get());
  const bool secure = request_.url.size() > 6 && ::curl_strnequal(request_.url.c_str(), "https:", 6) != 0;
  options.set(CURLOPT_PROTOCOLS_STR, "http,https");
  options.set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");  // not down from https: begin_hop()
  options.set(CURLOPT_SSL_VERIFYPEER, 1L).set(CURLOPT_SSL_VERIFYHOST, 2L);
  options.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!client.ca_file.empty()) options.set(CURLOPT_CAINFO, client.ca_file.c_str()).set(CURLOPT_CAPATH, nullptr);
  if (!client.proxy_from_environment || !client.proxy.empty()) {
    options.set(CURLOPT_PROXY, client.proxy.c_str()).set(CURLOPT_NOPROXY, "");  // empty: not even the environment's
  }
  options.set(CURLOPT_HTTP_VERSION, static_cast<long>(client.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  // Rather share the connection that is being opened than open another; without TLS there is nothing to share.
  if (client.http2 && secure) options.set(CURLOPT_PIPEWAIT, 1L);
  return options.code();
}

CURLcode HttpTransfer::set_limits() {
  Options options(easy_.get());
  options.set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(limits_.connect_time));
  if (may_redirect()) {
    options.set(CURLOPT_FOLLOWLOCATION, 1L);
    options.set(CURLOPT_MAXREDIRS, static_cast<long>(std::min(limits_.max_redirects, unsigned{INT_MAX})));
  }
  return options.code();
}

CURLcode HttpTransfer::set_hooks() {
  using Hooks = HttpTransferHooks;
  Options options(easy_.get());
  void* const self = this;
  options.set(CURLOPT_HEADERFUNCTION, &Hooks::header).set(CURLOPT_HEADERDATA, self);
  options.set(CURLOPT_WRITEFUNCTION, &Hooks::body).set(CURLOPT_WRITEDATA, self);
  options.set(CURLOPT_PREREQFUNCTION, &Hooks::connected).set(CURLOPT_PREREQDATA, self);
  options.set(CURLOPT_XFERINFOFUNCTION, &Hooks::progress).set(CURLOPT_XFERINFODATA, self);
  options.set(CURLOPT_NOPROGRESS, 0L);
  options.set(CURLOPT_RESOLVER_START_FUNCTION, &Hooks::look_up).set(CURLOPT_RESOLVER_START_DATA, self);
  options.set(CURLOPT_OPENSOCKETFUNCTION, &Hooks::open_socket).set(CURLOPT_OPENSOCKETDATA, self);
  // The client's: a connection outlives the transfer that has opened it.
  options.set(CURLOPT_CLOSESOCKETFUNCTION, &HttpClientCore::close_socket);
  options.set(CURLOPT_CLOSESOCKETDATA, static_cast<void*>(core_));
  return options.code();
}

}  // namespace poe
