// SPDX-License-Identifier: MIT
//
// poe/glib.hpp with real GLib: signals into sessions, events into idle callbacks, and who may be gone meanwhile.
#include "poe/glib.hpp"

#include <atomic>
#include <functional>
#include <optional>
#include <thread>

#include "toolkit_lab.hpp"

namespace poe::test {
namespace {

/// A class with signals as toolkits have them: "said" (text), "moved" (int, double), "given" (object), "asked" -> bool.
GType thing_type() {
  static const GType type = [] {
    const GType made = g_type_register_static_simple(G_TYPE_OBJECT, "PoeTestThing", sizeof(GObjectClass), nullptr,
                                                     sizeof(GObject), nullptr, G_TYPE_FLAG_NONE);
    const auto add = [made](const char* name, GType result, auto... arguments) {
      g_signal_new(name, made, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr, result, sizeof...(arguments),
                   arguments...);
    };
    g_type_class_unref(g_type_class_ref(made));
    add("said", G_TYPE_NONE, G_TYPE_STRING);
    add("moved", G_TYPE_NONE, G_TYPE_INT, G_TYPE_DOUBLE);
    add("given", G_TYPE_NONE, G_TYPE_OBJECT);
    add("asked", G_TYPE_BOOLEAN);
    return made;
  }();
  return type;
}

struct Unref {
  void operator()(gpointer object) const noexcept { g_object_unref(object); }
};
using Thing = std::unique_ptr<GObject, Unref>;
Thing make_thing() { return Thing(static_cast<GObject*>(g_object_new(thing_type(), nullptr))); }

inline constexpr Event<int, double> moved{"moved"};

class GlibToolkit : public ::testing::Test {
 protected:
  GlibToolkit() : guest(*kernel->attach(host::glib())), id(kernel->spawn<Listener>(heard)) {}
  /// Runs GLib's loop until f is true; the test fails if that takes longer than anything here may.
  void run_until(std::function<bool()> f) {
    const gint64 limit = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
    const guint tick = g_timeout_add(
        10, [](gpointer) -> gboolean { return G_SOURCE_CONTINUE; }, nullptr);
    while (!f() && g_get_monotonic_time() < limit) g_main_context_iteration(nullptr, TRUE);
    g_source_remove(tick);
    EXPECT_TRUE(f());
  }
  /// Until everything posted so far, by whomever, has been delivered.
  void settle() {
    bool over = false;
    const SessionId last = kernel->spawn(Inline(0).on(pressed, [&](int&, Self&) { over = true; }));
    static_cast<void>(kernel->address(last).post(pressed));
    run_until([&] { return over; });
    while (g_main_context_iteration(nullptr, FALSE)) {
    }
  }

  Words heard;
  std::optional<Kernel> kernel{open_on("glib")};
  std::optional<Guest> guest;
  const SessionId id;
  Thing thing = make_thing();
};

TEST_F(GlibToolkit, ASignalBecomesAnEventWithAsManyArgumentsAsItTakes) {
  const auto plain = glib::post_on(thing.get(), "said", kernel->address(id), pressed);
  const auto text = glib::post_on(thing.get(), "said", kernel->address(id), said);
  const auto with = glib::post_on(thing.get(), "moved", kernel->address(id), number);
  ASSERT_TRUE(succeeded(plain) && succeeded(text) && succeeded(with));
  g_signal_emit_by_name(thing.get(), "said", "grüße");
  g_signal_emit_by_name(thing.get(), "moved", 7, 0.5);
  EXPECT_TRUE(heard.empty());  // later, by the kernel's queue
  settle();
  EXPECT_EQ(heard, (Words{"pressed", "grüße", "7"}));
}

TEST_F(GlibToolkit, ValuesAreConvertedAsGObjectDoes) {
  std::string got;
  const SessionId other = kernel->spawn(Inline(0)
                                            .on(start, [](int&, Self& self) { self.keep_alive("test").detach(); })
                                            .on(moved, [&](int&, Self&, int x, double y) {
                                              got += std::to_string(x) + "/" + std::to_string(static_cast<int>(y * 10));
                                            }));
  const auto link = glib::post_on(thing.get(), "moved", kernel->address(other), moved);
  const auto as_text = glib::post_on(thing.get(), "moved", kernel->address(id), said);  // GObject prints the number
  ASSERT_TRUE(succeeded(link) && succeeded(as_text));
  g_signal_emit_by_name(thing.get(), "moved", -3, 2.5);
  g_signal_emit_by_name(thing.get(), "said", nullptr);
  settle();
  EXPECT_EQ(got, "-3/25");
  EXPECT_EQ(heard, Words{"-3"});
}

TEST_F(GlibToolkit, ASignalThatWantsAnAnswerGetsNone) {
  const auto link = glib::post_on(thing.get(), "asked", kernel->address(id), pressed);
  ASSERT_TRUE(succeeded(link));
  gboolean answer = TRUE;
  g_signal_emit_by_name(thing.get(), "asked", &answer);
  EXPECT_FALSE(answer);
  settle();
  EXPECT_EQ(heard, Words{"pressed"});
}

TEST_F(GlibToolkit, TheArgumentIsMadeWhenTheSignalComes) {
  std::string text = "before";
  const auto link = glib::post_on(thing.get(), "given", kernel->address(id), said, [&] { return text; });
  ASSERT_TRUE(succeeded(link));
  text = "now";
  g_signal_emit_by_name(thing.get(), "given", thing.get());
  settle();
  EXPECT_EQ(heard, Words{"now"});
}

TEST_F(GlibToolkit, WhatCannotBeConnectedSaysWhy) {
  const auto message = [](const Result<glib::Link>& link) { return link ? "connected" : link.error().message(); };
  EXPECT_EQ(message(glib::post_on(thing.get(), "clicked", kernel->address(id), pressed)),
            "cannot connect signal \"clicked\" of PoeTestThing: the class has no such signal");
  EXPECT_EQ(message(glib::post_on(thing.get(), "said", kernel->address(id), moved)),
            "cannot connect signal \"said\" of PoeTestThing: it has 1 arguments, the event takes 2");
  EXPECT_EQ(
      message(glib::post_on(thing.get(), "given", kernel->address(id), number)),
      "cannot connect signal \"given\" of PoeTestThing: its argument 1 is a GObject, which does not become a gint");
}

TEST_F(GlibToolkit, AClosureCanBeConnectedByHand) {
  g_signal_connect_closure(thing.get(), "said", glib::closure(kernel->address(id), said), FALSE);
  g_signal_emit_by_name(thing.get(), "said", "by hand");
  settle();
  EXPECT_EQ(heard, Words{"by hand"});
}

TEST_F(GlibToolkit, ADroppedLinkIsDisconnectedADetachedOneIsNot) {
  {
    auto dropped = *glib::post_on(thing.get(), "said", kernel->address(id), said);
    EXPECT_TRUE(dropped);
    auto moved_to = std::move(dropped);
    EXPECT_TRUE(moved_to);
  }
  g_signal_emit_by_name(thing.get(), "said", "dropped");
  std::move(*glib::post_on(thing.get(), "said", kernel->address(id), said)).detach();
  g_signal_emit_by_name(thing.get(), "said", "detached");
  settle();
  EXPECT_EQ(heard, Words{"detached"});
}

TEST_F(GlibToolkit, AnInstanceThatIsGoneDisconnects) {
  auto link = *glib::post_on(thing.get(), "said", kernel->address(id), said);
  thing.reset();
  EXPECT_FALSE(link);
  link.cancel();
}

TEST_F(GlibToolkit, AnEndedSessionHearsNothing) {
  const auto link = *glib::post_on(thing.get(), "said", kernel->address(id), said);
  ASSERT_TRUE(succeeded(kernel->post(id, leave)));
  settle();
  EXPECT_FALSE(kernel->alive(id));
  g_signal_emit_by_name(thing.get(), "said", "too late");
  settle();
  EXPECT_EQ(heard, Words{"end"});
}

TEST_F(GlibToolkit, AKernelThatIsGoneIsNotAsked) {
  const auto link = *glib::post_on(thing.get(), "said", kernel->address(id), said);
  guest.reset();
  kernel.reset();
  g_signal_emit_by_name(thing.get(), "said", "too late");
  EXPECT_EQ(heard, Words{"end"});
}

TEST_F(GlibToolkit, ASignalMayComeFromAnotherThread) {
  const auto link = *glib::post_on(thing.get(), "said", kernel->address(id), said);
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) g_signal_emit_by_name(thing.get(), "said", "x");
  });
  run_until([&] { return heard.size() == 100; });
  other.join();
}

TEST_F(GlibToolkit, AnEventBecomesAnIdleCallback) {
  Words lines;
  std::size_t before = 99;
  kernel->spawn(Inline(0).on(start, [&](int&, Self& self) {
    self.handle(said, glib::queued<std::string>(thing.get(), [&](const std::string& line) { lines.push_back(line); }));
    self.yield(said, "one");
    self.yield(said, "two");
    self.defer([&] { before = lines.size(); });
  }));
  run_until([&] { return lines.size() == 2; });
  EXPECT_EQ(lines, (Words{"one", "two"}));
  EXPECT_EQ(before, 0u);  // not inside the kernel's turn
}

TEST_F(GlibToolkit, AReceiverThatIsGoneGetsNothing) {
  int called = 0;
  const auto call = glib::queued<>(thing.get(), [&] { ++called; });
  const auto copy = call;
  EXPECT_TRUE(call());
  thing.reset();
  EXPECT_FALSE(call());
  EXPECT_FALSE(copy());
  settle();
  EXPECT_EQ(called, 0);
}

TEST_F(GlibToolkit, ADisposedReceiverIsGoneAlthoughSomebodyHoldsIt) {
  int called = 0;
  const auto call = glib::queued<>(thing.get(), [&] { ++called; });
  EXPECT_TRUE(call());
  g_object_run_dispose(thing.get());  // what gtk_window_destroy() does
  settle();
  EXPECT_EQ(called, 0);
  EXPECT_FALSE(call());
}

TEST_F(GlibToolkit, ManyCallsLetTheContextLookAround) {
  int called = 0, rounds = 0;
  const auto call = glib::queued<>([&] { ++called; });
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(call());
  while (called < 10'000 && g_main_context_iteration(nullptr, TRUE)) ++rounds;  // what is more urgent runs between
  EXPECT_EQ(called, 10'000);
  EXPECT_GE(rounds, 100);
}

TEST_F(GlibToolkit, CallsGoOnInsideALoopThatACallRuns) {
  Words lines;
  GMainLoop* loop = g_main_loop_new(nullptr, FALSE);
  const auto call = glib::queued<std::string>([&](const std::string& line) {
    lines.push_back(line);
    if (line == "dialogue") g_main_loop_run(loop);
    if (line == "close it") g_main_loop_quit(loop);
  });
  for (const char* line : {"dialogue", "meanwhile", "close it", "after"}) EXPECT_TRUE(call(line));
  settle();
  EXPECT_EQ(lines, (Words{"dialogue", "meanwhile", "close it", "after"}));
  g_main_loop_unref(loop);
}

TEST_F(GlibToolkit, ACallRunsInItsContextAndThreadPain42) {
  GMainContext* context = g_main_context_new();
  std::atomic<bool> over = false;
  std::thread::id ran_on;
  const auto call = glib::queued<>(
      [&] {
        ran_on = std::this_thread::get_id();
        over = true;
      },
      context);
  EXPECT_TRUE(call());
  settle();
  EXPECT_FALSE(over);
  std::thread other([&] {
    while (!over) g_main_context_iteration(context, TRUE);
  });
  const std::thread::id expected = other.get_id();
  other.join();
  EXPECT_EQ(ran_on, expected);
  EXPECT_TRUE(call());  // never run: goes with the context
  g_main_context_unref(context);
}

TEST_F(GlibToolkit, AReceiverMayBeDestroyedWhileAnotherThreadPosts) {
  for (int round = 0; round < 50; ++round) {
    Thing window = make_thing();
    const auto call = glib::queued<>(window.get(), [] {});
    std::atomic<bool> begun = false;
    std::thread other([&] {
      while (call()) begun = true;
    });
    while (!begun) g_main_context_iteration(nullptr, FALSE);
    window.reset();
    other.join();
  }
}

TEST_F(GlibToolkit, AReceiverIsFinalizedByItsOwnersAndNeverByWhoPosts) {
  std::atomic<int> elsewhere = 0;
  struct Owner {
    std::atomic<int>& elsewhere;
    std::thread::id id = std::this_thread::get_id();
  } owner{elsewhere};
  const GWeakNotify gone = [](gpointer self, GObject*) {
    auto& o = *static_cast<Owner*>(self);
    if (std::this_thread::get_id() != o.id) ++o.elsewhere;
  };
  for (int round = 0; round < 300; ++round) {
    Thing window = make_thing();
    g_object_weak_ref(window.get(), gone, &owner);
    const auto call = glib::queued<>(window.get(), [] {});
    std::atomic<bool> begun = false;
    std::thread other([&] {
      while (call()) begun = true;
    });
    while (!begun) std::this_thread::yield();
    window.reset();
    other.join();
  }
  EXPECT_EQ(elsewhere, 0);
}

TEST_F(GlibToolkit, ADestroyedWindowEndsTheSessionsAndNothingElseP071Pain45) {
  const glib::UiDestroy link(*kernel, thing.get());
  bool finished = false;
  guest->on_finished([&] { finished = true; });
  g_object_run_dispose(thing.get());
  run_until([&] { return finished; });
  EXPECT_EQ(heard, (Words{"UIDESTROY", "end"}));
  EXPECT_EQ(kernel->session_count(), 0u);
  settle();  // the host goes on, and so does the kernel
}

}  // namespace
}  // namespace poe::test
