// SPDX-License-Identifier: MIT
//
// The hash of the allow-list, held against the standard's examples and against sha256sum.
#include "sha256.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string_view>

#include "outcome.hpp"
#include "sandbox.hpp"

namespace poe::test {
namespace {

std::span<const std::uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string hash_of(std::string_view text) {
  host_room::Sha256 hash;
  hash.update(bytes(text));
  return host_room::hex(hash.finish());
}

// FIPS 180-2, appendix B, and the examples NIST publishes with FIPS 180-4.
TEST(Sha256Test, TheStandardsExamples) {
  EXPECT_EQ(hash_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hash_of("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrs"
                    "mnopqrstnopqrstu"),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  EXPECT_EQ(hash_of(std::string(1000000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, TheSameAsSha256sumForEveryLengthAroundABlock) {
  Sandbox box;
  std::string expected;
  for (std::size_t size = 0; size <= 130; ++size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>(7 * i + size);
    std::string name = std::to_string(1000 + size);  // sorted as numbers
    std::ofstream(box.path() + "/" + name, std::ios::binary) << text;
    expected += hash_of(text) + "  " + name + "\n";
  }
  const Outcome tool = outcome_of("cd " + box.path() + " && sha256sum *");
  ASSERT_EQ(tool.code, 0) << tool.out;
  EXPECT_EQ(tool.out, expected);
}

TEST(Sha256Test, PartsMakeTheSameAsTheWhole) {
  const std::string text(1000, 'x');
  for (const std::size_t part : {1u, 63u, 64u, 65u, 999u}) {
    host_room::Sha256 hash;
    for (std::size_t at = 0; at < text.size(); at += part)
      hash.update(bytes(text).subspan(at, std::min(part, text.size() - at)));
    EXPECT_EQ(host_room::hex(hash.finish()), hash_of(text)) << part;
  }
}

}  // namespace
}  // namespace poe::test
