// SPDX-License-Identifier: MIT
#include "loops.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "exit_codes.hpp"
#include "poe/plugin.hpp"
#include "terminal.hpp"

namespace poe::tool {

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

nlohmann::ordered_json as_json(const LoopCandidate& c) {
  return {{"name", c.name},
          {"path", c.path},
          {"built_in", c.built_in},
          {"status", to_string(c.status)},
          {"rank", c.rank},
          {"version", c.version},
          {"library", c.library},
          {"library_version", c.library_version},
          {"licence", c.licence},
          {"capabilities", c.capabilities},
          {"options", c.options},
          {"host_sonames", c.host_sonames},
          {"abi", {{"major", c.abi_major}, {"minor", c.abi_minor}}},
          {"reason", c.reason},
          {"advice", c.advice},
          {"warnings", c.warnings}};
}

void print_json(const std::vector<LoopCandidate>& all) {
  auto list = nlohmann::ordered_json::array();
  for (const LoopCandidate& c : all) list.push_back(as_json(c));
  // Texts come from files: what is no UTF-8 is replaced, not thrown at.
  std::cout << list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

using Row = std::array<std::string, 5>;

Row row_of(const LoopCandidate& c) {
  const std::string library = c.library.empty() ? "-" : c.library + " " + c.library_version;
  return {c.name, c.rank > 0 ? std::to_string(c.rank) : "-", library, c.licence.empty() ? "-" : c.licence,
          c.built_in ? "(built in)" : c.path};
}

std::array<std::size_t, 5> widest(const std::vector<Row>& rows) {
  std::array<std::size_t, 5> width{};
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  return width;
}

void print_row(const Row& row, const std::array<std::size_t, 5>& width, const Terminal& terminal, Style name_style) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    const bool last = i + 1 == row.size();
    const std::string pad(last ? 0 : width[i] - row[i].size() + 2, ' ');
    std::cout << (i == 0 ? terminal.paint(name_style, row[i]) : row[i]) << pad;
  }
  std::cout << '\n';
}

void print_details(const LoopCandidate& c, std::size_t indent, const Terminal& terminal) {
  const std::string left(indent, ' ');
  if (!c.capabilities.empty())
    std::cout << left << terminal.paint(Style::dim, "can: " + joined(c.capabilities)) << '\n';
  if (c.status != LoopStatus::usable) {
    std::cout << left << terminal.paint(Style::bad, std::string(to_string(c.status)) + ": " + c.reason) << '\n';
    if (!c.advice.empty()) std::cout << left << "do: " << c.advice << '\n';
  }
  for (const std::string& warning : c.warnings) std::cout << left << "warning: " << warning << '\n';
}

void print_table(const std::vector<LoopCandidate>& all) {
  const Terminal terminal(STDOUT_FILENO);
  std::vector<Row> rows{{"loop", "rank", "library", "licence", "path"}};
  for (const LoopCandidate& c : all) rows.push_back(row_of(c));
  const auto width = widest(rows);
  print_row(rows.front(), width, terminal, Style::bold);
  for (std::size_t i = 0; i < all.size(); ++i) {
    print_row(rows[i + 1], width, terminal, all[i].status == LoopStatus::usable ? Style::good : Style::bad);
    print_details(all[i], width[0] + 2, terminal);
  }
}

void print_nothing_found(const LoopRegistry& registry) {
  std::cerr << "poe: no loop plug-in was found\n";
  for (const LoopFolder& f : registry.folders())
    std::cerr << "  tried: " << (f.path.empty() ? "(empty)" : f.path) << " (" << f.origin << ")"
              << (f.skipped.empty() ? "" : ": " + f.skipped) << '\n';
  std::cerr << "  do:    install the plug-ins, or name their folder in POE_LOOP_PATH\n";
}

/// Decides as a program without a host of its own would, and tells every reason.
int explain(const LoopsOptions& options, const std::vector<std::string>& dirs, const std::string& list) {
  const auto provider = make_loop_provider({options.loop, dirs, nullptr, list});
  const auto choice = provider->choose();
  std::cout << provider->explain();
  if (choice) return kDone;
  std::cout.flush();
  std::cerr << choice.error().report() << '\n';
  return kNoLoop;
}

/// The person typed them, so they mean this folder's ones.
std::vector<std::string> absolute(const std::vector<std::string>& typed) {
  std::vector<std::string> dirs;
  for (const std::string& dir : typed) dirs.push_back(std::filesystem::absolute(dir).string());
  return dirs;
}

}  // namespace

std::string loops_help() {
  return "POE_EVENT_LOOP names the loop to use, POE_LOOP_PATH more folders, separated by colons; POE_LOOP_ALLOW a "
         "file\n"
         "made by: sha256sum libpoe_loop_*.so >FILE. Then only what is in it is opened.\n"
         "Below a loop that is not used: refused and why, and after \"do:\" how to mend it. Refused are files and "
         "folders\n"
         "that others may change or that belong to others, links out of their folder, relative folders, files that "
         "are\n"
         "not in the allow-list, that are no plug-ins, or that speak another ABI. Set-uid programs ignore the "
         "variables.\n";
}

int loops(const LoopsOptions& options) {
  const std::vector<std::string> dirs = absolute(options.dirs);
  const std::string list = options.allow.empty() ? "" : absolute({options.allow}).front();
  if (options.explain) return explain(options, dirs, list);
  const LoopRegistry registry(dirs, list);
  const std::vector<LoopCandidate> all = registry.inspect();
  if (options.json)
    print_json(all);
  else if (all.empty())
    print_nothing_found(registry);
  else
    print_table(all);
  const auto usable = [](const LoopCandidate& c) { return c.status == LoopStatus::usable; };
  return std::any_of(all.begin(), all.end(), usable) ? kDone : kNoLoop;
}

}  // namespace poe::tool
