// SPDX-License-Identifier: MIT
#include "http_client_errors.hpp"

#include <string_view>

#include "curl_handles.hpp"

namespace poe {
namespace {

/// For texts that are no URLs: what stands between the scheme and the last '@'. Rather too much than a part of a
/// password that was not percent-encoded and has a '/', '?' or '#' in it.
std::string cut_credentials(std::string text) {
  const std::size_t colon = text.find(':');
  const std::size_t begin = colon != std::string::npos && text.compare(colon, 3, "://") == 0 ? colon + 3 : 0;
  const std::size_t at = text.rfind('@');
  if (at != std::string::npos && at >= begin) text.erase(begin, at + 1 - begin);
  return text;
}

bool is_tls(CURLcode code) {
  switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CIPHER:
      return true;
    default:
      return false;
  }
}

Errc kind_of(const CurlFailure& failure) {
  if (is_tls(failure.code)) return Errc::protocol;
  switch (failure.code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return failure.redirects > 0 ? Errc::protocol : Errc::invalid_argument;
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_BAD_FUNCTION_ARGUMENT:
      return Errc::invalid_argument;
    case CURLE_OPERATION_TIMEDOUT:
      return Errc::timed_out;
    case CURLE_TOO_MANY_REDIRECTS:
      return Errc::limit;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
      return Errc::end_of_file;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_CHUNK_FAILED:
      return Errc::protocol;
    default:
      return Errc::system;
  }
}

std::string advice_for(const CurlFailure& failure) {
  if (is_tls(failure.code)) {
    return "check the server with `openssl s_client -connect HOST:443`; for an authority of your own set ca_file";
  }
  switch (failure.code) {
    case CURLE_URL_MALFORMAT:
      return "write http://host/path or https://host/path, percent-encoded";
    case CURLE_UNSUPPORTED_PROTOCOL:
      return failure.redirects > 0 ? "look at where the server sends its clients: redirects lead to http and https "
                                     "only, and from https to https only"
                                   : "use http:// or https://";
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "check the spelling, or ask `getent ahosts NAME`";
    case CURLE_COULDNT_CONNECT:
      return "check that the server runs and listens there, and that nothing between stops it";
    case CURLE_OPERATION_TIMEDOUT:
      return "try again later, or allow more connect_time";
    case CURLE_TOO_MANY_REDIRECTS:
      return "ask for the last place itself, or raise max_redirects";
    case CURLE_SSL_CACERT_BADFILE:
      return "give the path of a readable PEM file as ca_file";
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return "ask again if the request may be made twice";
    default:
      return {};
  }
}

bool has_number(CURLcode code) {
  return code == CURLE_COULDNT_CONNECT || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR;
}

}  // namespace

std::string without_credentials(const std::string& url) {
  if (url.find('@') == std::string::npos) return url;
  const CurlUrl parsed(::curl_url());
  if (parsed == nullptr || ::curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    return cut_credentials(url);
  }
  for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS}) {
    ::curl_url_set(parsed.get(), part, nullptr, 0);
  }
  char* text = nullptr;
  if (::curl_url_get(parsed.get(), CURLUPART_URL, &text, 0) != CURLUE_OK) return cut_credentials(url);
  return std::string(CurlText(text).get());
}

Error curl_error(const CurlFailure& failure) {
  const std::string reason = failure.text.empty() ? ::curl_easy_strerror(failure.code) : failure.text;
  Error error = failure.number != 0 && has_number(failure.code)
                    ? Error::from_errno(failure.number, failure.method, failure.url, advice_for(failure))
                    : Error(kind_of(failure), failure.method, failure.url, reason, advice_for(failure));
  if (!failure.last.empty() && failure.last != failure.url) error.with("redirected to", failure.last);
  error.with("libcurl", std::to_string(failure.code) + ", " + reason);
  return error;
}

}  // namespace poe
