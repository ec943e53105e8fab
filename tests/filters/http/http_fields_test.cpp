// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "poe/filters/http_message.hpp"

namespace poe::test {
namespace {

TEST(HttpFieldsTest, NamesAndTokensAreFoundWithoutRegardToCase) {
  HttpFields fields;
  fields.add("Connection", "Keep-Alive, X").add("connection", "upgrade").add("Host", "a");
  EXPECT_EQ(fields.find("HOST"), "a");
  EXPECT_EQ(fields.count("CONNECTION"), 2U);
  EXPECT_TRUE(fields.lists("Connection", "UPGRADE"));
  EXPECT_TRUE(fields.lists("Connection", "keep-alive"));
  EXPECT_FALSE(fields.lists("Connection", "keep"));
  EXPECT_FALSE(fields.find("None"));
}

}  // namespace
}  // namespace poe::test
