// SPDX-License-Identifier: MIT
//
// All that a loop plug-in's author includes. Write one class, call POE_EXPORT_LOOP on it, build with poe_add_loop():
//
//   class FooLoop {
//    public:
//     static constexpr char kName[] = "foo";            // libpoe_loop_foo.so
//     static constexpr char kVersion[] = "1.0.0";       // of the plug-in
//     static constexpr char kLibrary[] = "libfoo";      // what does the waiting
//     static constexpr char kLicence[] = "MIT";         // SPDX, of that library
//     static constexpr char kHostSonames[] = "libfoo.so.1";  // "" if no host can be joined
//     static constexpr std::uint64_t kCapabilities = poe::loop::bits(POE_CAP_PRIORITY, POE_CAP_SUB_MS);
//     static const char* library_version();             // static storage; at run time if the library can say
//
//     FooLoop(poe::loop::Host host, const poe_create& how);  // `how` is borrowed until the constructor returns
//     void watch(int fd, std::uint32_t interest, std::uint64_t token);  // interest 0 forgets
//     void arm(std::int64_t deadline_ns);
//     void wake() noexcept;                              // any thread, signal-safe: use a Waker
//     void step(std::int64_t max_wait_ns);               // deliver through host; the count is kept for you
//
//     // Optional; absent means "not supported". RUN and POLLABLE follow from the members.
//     static constexpr const char* kOptionSchema[] = {"name=meaning; values; default", nullptr};
//     static int probe(void** ret_foreign, const char** ret_reason);
//     void close();                // begin to end; call host.finish() later, never inside. Absent: the next step frees
//     void abandon() noexcept;     // close own descriptors without a call into the foreign loop; the destructor
//     follows void run(); void stop(); std::int64_t now(); void hold(bool); void pollable(poe_pollable&); const void*
//     extension(const char* name);
//   };
//   POE_EXPORT_LOOP(FooLoop)
//
// A member that returns void may return int instead: 0 or the op's error code. To fail with a text, throw
// std::system_error or poe::loop::Refusal. The destructor runs for close and for abandon, on the loop thread.
// Nothing here is shared between loops: any number may live in a process.
#pragma once

#include <cstdint>

#include "poe/loop/host.hpp"
#include "poe/loop/note.hpp"
#include "poe/loop/options.hpp"
#include "poe/loop/table.hpp"
#include "poe/loop/time.hpp"
#include "poe/loop/waker.hpp"
#include "poe/loop_abi.h"

namespace poe::loop {

/// The descriptor of L; `ops` must have static storage.
template <class L>
poe_loop_plugin describe(const poe_loop_ops& ops) {
  poe_loop_plugin p{};
  p.magic = POE_LOOP_MAGIC;
  p.struct_size = sizeof p;
  p.abi_major = POE_LOOP_ABI_MAJOR;
  p.abi_minor = POE_LOOP_ABI_MINOR;
  p.name = L::kName;
  p.version = L::kVersion;
  p.library = L::kLibrary;
  p.library_version = L::library_version();
  p.licence = L::kLicence;
  p.host_sonames = L::kHostSonames;
  p.capabilities[0] = kAllCapabilities<L>;
  p.option_schema = option_schema<L>();
  if constexpr (HasProbe<L>) p.probe = L::probe;
  p.ops = &ops;
  return p;
}

}  // namespace poe::loop

/// Exports the class as this shared object's loop: poe_loop_entry() and the ELF note. Once, at namespace scope.
/// Why a macro: the entry has C linkage and the note a section of its own, neither of which a template can have.
#define POE_EXPORT_LOOP(...)                                                                      \
  extern "C" __attribute__((visibility("default"))) const poe_loop_plugin* poe_loop_entry(void) { \
    static constexpr poe_loop_ops ops = ::poe::loop::Table<__VA_ARGS__>::ops();                   \
    static const poe_loop_plugin plugin = ::poe::loop::describe<__VA_ARGS__>(ops);                \
    return &plugin;                                                                               \
  }                                                                                               \
  [[gnu::section(".note.poe.loop"), gnu::used, gnu::retain,                                       \
    gnu::aligned(8)]] static constexpr ::poe::loop::ElfNote poe_loop_elf_note = ::poe::loop::make_note<__VA_ARGS__>();
