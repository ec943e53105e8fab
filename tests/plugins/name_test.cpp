// SPDX-License-Identifier: MIT
//
// What people type for a loop: our names, the libraries' and POE's own.
#include <gtest/gtest.h>

#include "poe/near_names.hpp"
#include "poe/plugin.hpp"

namespace poe::test {
namespace {

struct Typed {
  const char* typed;
  const char* name;
};

class LoopNameTest : public testing::TestWithParam<Typed> {};

TEST_P(LoopNameTest, IsUnderstood) {
  const auto name = loop_name(GetParam().typed);
  ASSERT_TRUE(name) << name.error().report();
  EXPECT_EQ(*name, GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(
    All, LoopNameTest,
    testing::Values(Typed{"epoll", "epoll"}, Typed{"EPoll", "epoll"}, Typed{"Select", "select"},
                    Typed{"IO_Poll", "poll"}, Typed{"IO::Poll", "poll"}, Typed{"POE::Loop::IO_Poll", "poll"},
                    Typed{"Event", "event"}, Typed{"libevent", "event"}, Typed{"Glib", "glib"}, Typed{"Gtk", "glib"},
                    Typed{"Gtk2", "glib"}, Typed{"libuv", "uv"}, Typed{"UV", "uv"}, Typed{"XS::EPoll", "epoll"},
                    Typed{"POE::XS::Loop::Poll", "poll"}, Typed{"Loop::Select", "select"}, Typed{"Qt6", "qt"},
                    Typed{"POE::Loop::EV", "ev"}, Typed{"XS::EV", "ev"}, Typed{"libev", "ev"},
                    Typed{"sd-event", "sdevent"}, Typed{"systemd", "sdevent"}, Typed{"io_uring", "uring"},
                    Typed{"Tk", "tcl"}, Typed{"TkActiveState", "tcl"}, Typed{"my_own_loop2", "my_own_loop2"}));

TEST(LoopNameTest, AToolkitWithoutAPluginBringsAHint) {
  for (const char* typed : {"Prima", "Kqueue", "XS::Kqueue", "AnyEvent"}) {
    const auto name = loop_name(typed);
    ASSERT_FALSE(name) << typed;
    EXPECT_EQ(name.error().code(), Errc::no_loop);
  }
  EXPECT_EQ(loop_name("Prima").error().report(),
            "poe: cannot load loop \"Prima\": there is no plug-in for Prima; use qt or glib for a window\n"
            "  do: poe loops lists what is here");
}

TEST(LoopNameTest, APathIsNoName) {
  for (const char* typed : {"../epoll", "/tmp/libpoe_loop_x.so", "", "a b", "epoll.so", "\xc3\xa9poll",
                            "a_name_that_is_much_longer_than_31_bytes"}) {
    const auto name = loop_name(typed);
    ASSERT_FALSE(name) << typed;
    EXPECT_EQ(name.error().code(), Errc::invalid_argument);
  }
}

TEST(NearNamesTest, FindsSlipsOfTheKeyboard) {
  const std::vector<std::string> known{"epoll", "poll", "select", "uv", "event"};
  EXPECT_EQ(near_names("slect", known), std::vector<std::string>{"select"});
  EXPECT_EQ(near_names("polll", known), (std::vector<std::string>{"epoll", "poll"}));
  EXPECT_EQ(near_names("ev", known), std::vector<std::string>({"uv", "event"}));
  EXPECT_TRUE(near_names("kqueue", known).empty());
}

}  // namespace
}  // namespace poe::test
