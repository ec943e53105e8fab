// SPDX-License-Identifier: MIT
//
// What an await costs on the heap, and what travels through one.
#include <cstdlib>
#include <memory>
#include <new>
#include <string>

#include "kernel_lab.hpp"
#include "poe/coroutine.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define POE_HEAP_IS_WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define POE_HEAP_IS_WATCHED 1
#endif
#endif

namespace poe::test {

namespace {

class CoroutineCost : public OnEveryLoop {};
POE_ON_EVERY_LOOP(CoroutineCost);

/// Options as they travel into awaited calls: with a constructor, see DECISIONS.md on g++ 12 and aggregates.
struct Travelling {
  explicit Travelling(std::string text) : word(std::move(text)), shared(std::make_shared<int>(1)) {}
  std::string word;
  std::shared_ptr<int> shared;
};

Task<long> users_of(Self& self, Travelling options) {
  static_cast<void>(co_await self.sleep(Duration(0)));
  co_return options.shared.use_count() + static_cast<long>(options.word.size());
}

}  // namespace

TEST_P(CoroutineCost, OptionsPassedByValueInsideAnAwaitAreDestroyedOnce) {
  long seen = 0;
  std::weak_ptr<int> left;
  kernel.spawn([&](Self& self) -> Task<> {
    Travelling options("a text that is too long to lie inside the string");
    left = options.shared;
    seen = co_await users_of(self, options);
    seen += co_await users_of(self, Travelling("short"));
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(seen, 2 + 48 + 1 + 5);
  EXPECT_TRUE(left.expired());
}

}  // namespace poe::test

#ifndef POE_HEAP_IS_WATCHED

namespace {
long allocations = 0;  // of this program; the library's come through here, too
}

// Not inlined: g++ would find malloc's memory in delete, or new's in free, and warn of the pair.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* at = std::malloc(size)) return at;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* at) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete(void* at, std::size_t) noexcept { std::free(at); }

namespace poe::test {

TEST_P(CoroutineCost, AwaitsInALoopAllocateNothing) {
  long in_loop = -1;
  kernel.spawn([&](Self& self) -> Task<> {
    for (int round = 0; round < 3; ++round) {  // the last one counts
      const long before = allocations;
      for (int i = 0; i < 1000; ++i) {
        static_cast<void>(co_await self.sleep(Duration(i % 2)));
        self.yield(number, i);
        static_cast<void>(co_await self.next(number, 1h));
      }
      in_loop = allocations - before;
    }
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(in_loop, 0);
}

}  // namespace poe::test

#endif
