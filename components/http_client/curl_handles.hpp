// SPDX-License-Identifier: MIT
//
// libcurl's objects with an owner each.
#pragma once

#include <curl/curl.h>

#include <memory>

namespace poe {

struct CurlFree {
  void operator()(CURLM* multi) const noexcept { ::curl_multi_cleanup(multi); }
  void operator()(curl_slist* list) const noexcept { ::curl_slist_free_all(list); }
  void operator()(CURLU* url) const noexcept { ::curl_url_cleanup(url); }
  void operator()(char* text) const noexcept { ::curl_free(text); }
};
// Why these: CURL, CURLM and CURLSH are all void.
struct CurlFreeEasy {
  void operator()(CURL* easy) const noexcept { ::curl_easy_cleanup(easy); }
};
struct CurlFreeShare {
  void operator()(CURLSH* share) const noexcept { ::curl_share_cleanup(share); }
};

using CurlMulti = std::unique_ptr<CURLM, CurlFree>;
using CurlEasy = std::unique_ptr<CURL, CurlFreeEasy>;
using CurlShare = std::unique_ptr<CURLSH, CurlFreeShare>;
using CurlList = std::unique_ptr<curl_slist, CurlFree>;
using CurlUrl = std::unique_ptr<CURLU, CurlFree>;
using CurlText = std::unique_ptr<char, CurlFree>;

}  // namespace poe
