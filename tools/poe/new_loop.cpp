// SPDX-License-Identifier: MIT
#include "new_loop.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string_view>
#include <system_error>

#include "exit_codes.hpp"
#include "loop_template.hpp"
#include "poe/plugin.hpp"

namespace poe::tool {

namespace {

namespace fs = std::filesystem;

/// The template's own name, and its class without "Loop".
constexpr std::string_view kTemplateName = "mine";
constexpr std::string_view kTemplateClass = "Mine";

int refuse(const std::string& what, const std::string& why, const std::string& advice, int code) {
  std::cerr << "poe: cannot make " << what << ": " << why << "\n  do: " << advice << '\n';
  return code;
}

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Why nobody could load a loop of this name; empty if all is well.
std::string fault_of_name(const std::string& name) {
  const bool shaped =
      !name.empty() && name.size() <= 31 && is_letter(name.front()) &&
      std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
  if (!shaped) return "a loop's name is 1 to 31 of a-z, 0-9 and _, and begins with a letter";
  const auto meant = loop_name(name);
  if (!meant) return meant.error().reason();
  if (*meant != name) return "programs that ask for it get " + *meant;
  for (const LoopCandidate& c : LoopRegistry().candidates())
    if (c.name == name) return "there is a loop of that name, " + c.path;
  return {};
}

/// my_own2 -> MyOwn2
std::string class_name(const std::string& name) {
  std::string text;
  bool first = true;
  for (const char c : name) {
    if (c != '_') text += first ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    first = c == '_';
  }
  return text;
}

bool is_word_part(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

/// Puts `with` in the place of `word` where it is a part of a name by itself: mine_loop, libpoe_loop_mine.so, MineLoop.
std::string replaced(std::string text, std::string_view word, const std::string& with) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at)) {
    const std::size_t end = at + word.size();
    const bool starts = at == 0 || !is_word_part(text[at - 1]);
    const bool ends = end == text.size() || !(is_letter(text[end]) || is_digit(text[end]));
    if (starts && ends) text.replace(at, word.size(), with);
    at += starts && ends ? with.size() : word.size();
  }
  return text;
}

std::string renamed(std::string_view text, const std::string& name) {
  return replaced(replaced(std::string(text), kTemplateName, name), kTemplateClass, class_name(name));
}

/// Throws std::system_error.
void write_file(const fs::path& path, const TemplateFile& file, const std::string& name) {
  std::ofstream out(path, std::ios::binary);
  out << renamed(file.text, name);
  out.close();
  if (!out) throw std::system_error(errno, std::generic_category(), "cannot write " + path.string());
  using enum fs::perms;
  if (file.executable) fs::permissions(path, owner_exec | group_exec | others_exec, fs::perm_options::add);
}

int write_project(const fs::path& dir, const std::string& name) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(dir, error)))
    return refuse("a project in " + dir.string(), "it exists already", "name another folder with --dir", kFailed);
  if (!fs::create_directory(dir, error))
    return refuse("the folder " + dir.string(), error.message(), "name one with --dir whose parent you may write to",
                  kFailed);
  try {
    for (const TemplateFile& file : loop_template()) write_file(dir / renamed(file.name, name), file, name);
  } catch (const std::exception& problem) {
    fs::remove_all(dir, error);
    return refuse("a project in " + dir.string(), problem.what(), "name a folder elsewhere with --dir", kFailed);
  }
  std::cout << "made " << dir.string() << ", the loop " << name << " over poll(2):\n";
  for (const TemplateFile& file : loop_template()) std::cout << "  " << renamed(file.name, name) << '\n';
  std::cout << "next: " << (dir / "ci.sh").string() << " builds and tests it; its README.md says what to change\n";
  return kDone;
}

}  // namespace

int new_project(const NewOptions& options) {
  if (options.kind != "loop")
    return refuse("a new \"" + options.kind + "\"", "there is no such template", "poe new loop NAME", kUsage);
  if (const std::string fault = fault_of_name(options.name); !fault.empty())
    return refuse("a loop \"" + options.name + "\"", fault, "choose another name", kUsage);
  return write_project(fs::absolute(options.dir.empty() ? options.name : options.dir).lexically_normal(), options.name);
}

}  // namespace poe::tool
