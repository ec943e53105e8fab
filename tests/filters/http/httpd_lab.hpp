// SPDX-License-Identifier: MIT
//
// Requests for an HttpdFilter to answer.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "poe/filters/httpd.hpp"

namespace poe::test {

inline std::string request(std::string_view method, std::string_view more = "", int minor = 1) {
  return std::string(method) + " / HTTP/1." + std::to_string(minor) + "\r\nHost: a\r\n" + std::string(more) + "\r\n";
}

// It must give a record; the bytes may go then.
inline void deliver(HttpdFilter& filter, const std::string& bytes) {
  filter.feed(bytes);
  const auto record = filter.next();
  ASSERT_TRUE(record) << record.error().report();
  ASSERT_TRUE(record->has_value());
  filter.keep();
}

}  // namespace poe::test
