// SPDX-License-Identifier: MIT
#include "poe/open.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "environment.hpp"
#include "plugin_loops.hpp"

namespace poe {

namespace {

/// Takes POE_INNER_SET, if it is set, instead of what the program says.
Result<void> read_inner_set(KernelOptions& kernel) {
  const std::string text = host_room::environment("POE_INNER_SET");
  if (text.empty()) return {};
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), kernel.inner_set);
  if (wrong == std::errc() && end == text.data() + text.size()) return {};
  return failure(Errc::invalid_argument, "read the environment variable POE_INNER_SET", "\"" + text + "\"",
                 "it is no number of descriptors", "0 is never, 1 always, unset the default");
}

/// What the operator asks for goes beside what the program does.
template <class Flags>
Result<void> add_flags(const char* variable, Result<Flags> (*parse)(std::string_view), Flags& flags) {
  const std::string text = host_room::environment(variable);
  if (text.empty()) return {};
  const auto asked = parse(text);
  if (!asked) return failure(Error(asked.error()).with("from", std::string("the environment variable ") + variable));
  flags = flags | *asked;
  return {};
}

}  // namespace

Result<Kernel> open_kernel(OpenOptions options) {
  if (auto trace = add_flags("POE_TRACE", &parse_trace, options.kernel.trace); !trace) return failure(trace.error());
  if (auto asserts = add_flags("POE_ASSERT", &parse_assert, options.kernel.asserts); !asserts)
    return failure(asserts.error());
  if (auto inner = read_inner_set(options.kernel); !inner) return failure(inner.error());
  LogSink* log = options.kernel.log;
  auto loops = std::make_unique<host_room::PluginLoops>(
      LoopRequest{std::move(options.loop), std::move(options.plugin_dirs), log, std::move(options.allow_list)});
  if (auto opens = loops->open_asked(); !opens) return failure(opens.error());
  return Kernel(std::move(loops), options.kernel);
}

// A descriptor that is opened gets the lowest free number, so going upwards fills exactly the gaps. Not close-on-exec:
// children of the program must find them filled as well.
std::bitset<3> fill_standard_descriptors() noexcept {
  std::bitset<3> missing;
  for (int fd = 0; fd < 3; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    missing.set(static_cast<std::size_t>(fd));
    static_cast<void>(::open("/dev/null", O_RDWR));
  }
  return missing;
}

}  // namespace poe
