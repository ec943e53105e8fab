// SPDX-License-Identifier: MIT
//
// What a wheel refuses for its output_limit has been encoded: filters whose records refer to former ones must know.
#include <functional>
#include <stdexcept>

#include "poe/filters/map.hpp"
#include "poe/filters/stackable.hpp"
#include "poe/filters/websocket.hpp"
#include "read_write_bench.hpp"

namespace poe::test {
namespace {

/// Each message says how many were sent before, which is what it may refer to.
class Counting final : public WebSocketDeflate {
 public:
  class Codec final : public WebSocketCodec {
   public:
    bool pack(std::string_view message, std::string& out) override {
      out.append(std::to_string(sent_++)).append(":").append(message);
      return true;
    }
    void forget_packed() noexcept override { sent_ = 0; }
    Result<void> unpack(std::string_view, bool, std::size_t, std::string&) override { return {}; }

   private:
    int sent_ = 0;
  };

  const WebSocketDeflateTerms& wanted() const noexcept override { return terms_; }
  std::unique_ptr<WebSocketCodec> open(const WebSocketDeflateTerms&, bool) const override {
    return std::make_unique<Codec>();
  }

 private:
  WebSocketDeflateTerms terms_;
};

class ReadWriteRefusedTest : public ReadWriteTest {
 protected:
  static WebSocketFilter referring() {
    WebSocketOptions options;
    options.deflate = std::make_shared<Counting>();
    return WebSocketFilter(std::move(options));
  }
  static void too_much(ReadWrite& w) { EXPECT_EQ(w.put(std::string(50, 'x')).error().code(), Errc::limit); }
  void expect_forgotten(AnyFilter filter, const std::function<void(ReadWrite&)>& refused = too_much) {
    ReadWriteOptions options = logging();
    options.filter = std::move(filter);
    options.output_limit = 40;
    make(std::move(options));
    with_wheel([&](ReadWrite& w) {
      EXPECT_TRUE(w.put("one"));
      EXPECT_TRUE(w.put("two"));
      refused(w);
      EXPECT_TRUE(w.put("three"));
    });
    settle();
    EXPECT_EQ(hear(),
              "\xC1\x05"
              "0:one\xC1\x05"
              "1:two\xC1\x07"
              "0:three");
  }
};
POE_ON_EVERY_LOOP(ReadWriteRefusedTest);

TEST_P(ReadWriteRefusedTest, LaterMessagesDoNotReferToIt) { expect_forgotten(referring()); }

TEST_P(ReadWriteRefusedTest, NorDoThoseOfAStack) { expect_forgotten(StackableFilter::of(referring())); }

TEST_P(ReadWriteRefusedTest, NorDoTheyIfAFilterBelowRefuses) {
  const MapFilter no_lines([](std::string_view message) {
    if (message.find('\n') != std::string_view::npos) throw std::invalid_argument("a line end");
    return std::string(message);
  });
  expect_forgotten(StackableFilter::of(no_lines, referring()),
                   [](ReadWrite& w) { EXPECT_THROW(static_cast<void>(w.put("a\nb")), std::invalid_argument); });
}

}  // namespace
}  // namespace poe::test
