// SPDX-License-Identifier: MIT
//
// A folder of its own for each test, with plug-in files copied, bent and linked into it, and an environment that is
// put back afterwards.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace poe::test {

class Sandbox {
 public:
  /// An empty folder, mode 0755, below the system's temporary one. Clears the variables the loader reads.
  Sandbox();
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  const std::string& path() const { return path_; }
  /// The path of libpoe_loop_<name>.so in the sandbox.
  std::string file(const std::string& name) const;
  /// Copies a built test plug-in, as another name if given, mode 0644. Its path.
  std::string add(const std::string& plugin, const std::string& as = {});
  std::string write(const std::string& name, const std::string& bytes);
  /// A folder inside, mode 0755.
  std::string folder(const std::string& name);

  /// Sets a variable until the sandbox goes; nullopt removes it.
  void environment(const std::string& name, const std::optional<std::string>& value);

  /// `text` with the sandbox's path as "SANDBOX" and this process's user id as "ME".
  std::string masked(std::string text) const;

 private:
  std::string path_;
  std::map<std::string, std::optional<std::string>> before_;
};

std::string read_file(const std::string& path);
void replace_all(std::string& text, const std::string& what, const std::string& by);

}  // namespace poe::test
