// SPDX-License-Identifier: MIT
#include "sandbox.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace poe::test {

namespace fs = std::filesystem;

Sandbox::Sandbox() {
  std::string pattern = (fs::canonical(fs::temp_directory_path()) / "poe-plugins-XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("cannot make " + pattern);
  path_ = pattern;
  fs::permissions(path_, fs::perms(0755));
  for (const char* name : {"POE_EVENT_LOOP", "POE_LOOP_PATH", "POE_LOOP_ALLOW", "POE_TEST_CONSTRUCTED",
                           "POE_TEST_HOST_QT", "POE_TEST_HOST_GLIB", "POE_TEST_HOST_OTHER"})
    environment(name, std::nullopt);
}

Sandbox::~Sandbox() {
  for (const auto& [name, value] : before_) value ? setenv(name.c_str(), value->c_str(), 1) : unsetenv(name.c_str());
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string Sandbox::file(const std::string& name) const { return path_ + "/libpoe_loop_" + name + ".so"; }

std::string Sandbox::add(const std::string& plugin, const std::string& as) {
  const std::string to = file(as.empty() ? plugin : as);
  fs::copy_file(std::string(POE_TEST_PLUGIN_DIR) + "/libpoe_loop_" + plugin + ".so", to);
  fs::permissions(to, fs::perms(0644));
  return to;
}

std::string Sandbox::write(const std::string& name, const std::string& bytes) {
  const std::string to = file(name);
  fs::remove(to);  // a new file: the former may be mapped, and cutting it short would end this process at its exit
  std::ofstream(to, std::ios::binary) << bytes;
  fs::permissions(to, fs::perms(0644));
  return to;
}

std::string Sandbox::folder(const std::string& name) {
  const std::string inner = path_ + "/" + name;
  fs::create_directories(inner);
  fs::permissions(inner, fs::perms(0755));
  return inner;
}

void Sandbox::environment(const std::string& name, const std::optional<std::string>& value) {
  const char* now = std::getenv(name.c_str());
  before_.emplace(name, now ? std::optional<std::string>(now) : std::nullopt);
  value ? setenv(name.c_str(), value->c_str(), 1) : unsetenv(name.c_str());
}

std::string Sandbox::masked(std::string text) const {
  replace_all(text, path_, "SANDBOX");
  replace_all(text, "user " + std::to_string(geteuid()) + " ", "user ME ");
  return text;
}

std::string read_file(const std::string& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
}

}  // namespace poe::test
