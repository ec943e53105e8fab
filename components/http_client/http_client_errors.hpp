// SPDX-License-Identifier: MIT
//
// libcurl's failures in the house's words, and URLs as they may be shown.
#pragma once

#include <curl/curl.h>

#include <string>

#include "poe/error.hpp"

namespace poe {

/// Without user and password: for messages, and for whoever reads them.
std::string without_credentials(const std::string& url);

/// What is known of a transfer that libcurl has given up.
struct CurlFailure {
  CURLcode code;
  std::string method;
  std::string url;     // without credentials
  std::string last;    // where the redirects had led, without credentials; empty: nowhere
  std::string text;    // libcurl's own words
  int number = 0;      // errno, or 0
  long redirects = 0;  // that were begun
};
Error curl_error(const CurlFailure& failure);

}  // namespace poe
