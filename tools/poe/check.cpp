// SPDX-License-Identifier: MIT
#include "check.hpp"

#include <poe/loop_kit_run.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include "exit_codes.hpp"
#include "host_adapter.hpp"
#include "poe/plugin.hpp"
#include "terminal.hpp"
#include "unknown.hpp"

namespace poe::tool {

namespace {

constexpr const char* kHelp = "poe help check lists the profiles, poe check --list the checks";

std::vector<std::string> profile_names() {
  std::vector<std::string> names;
  for (std::size_t i = 0; poe_kit_profile_at(i); ++i) names.push_back(poe_kit_profile_at(i)->name);
  return names;
}

/// Of every check its name, or its group, each once.
std::vector<std::string> names_of(const char* poe_kit_check::*member) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < poe_kit_count(); ++i)
    if (std::find(names.begin(), names.end(), poe_kit_at(i)->*member) == names.end())
      names.emplace_back(poe_kit_at(i)->*member);
  return names;
}

bool among(const std::vector<std::string>& known, const std::string& typed) {
  return typed.empty() || std::find(known.begin(), known.end(), typed) != known.end();
}

/// kDone, or what is wrong with a name.
int judge_names(const CheckOptions& options) {
  if (!among(profile_names(), options.profile)) return unknown("profile", options.profile, profile_names(), kHelp);
  const auto groups = names_of(&poe_kit_check::group);
  if (!among(groups, options.group)) return unknown("group", options.group, groups, kHelp);
  const auto checks = names_of(&poe_kit_check::name);
  if (!among(checks, options.check)) return unknown("check", options.check, checks, kHelp);
  return kDone;
}

poe_kit_plan plan_of(const CheckOptions& options, const poe_kit_target& target) {
  poe_kit_plan plan{};
  plan.target = &target;
  plan.profile = poe_kit_profile_named(options.profile.empty() ? "full" : options.profile.c_str());
  plan.group = options.group.empty() ? nullptr : options.group.c_str();
  plan.check = options.check.empty() ? nullptr : options.check.c_str();
  plan.limit_ns = static_cast<std::int64_t>(options.timeout_seconds * 1e9);
  return plan;
}

int list(const poe_kit_plan& plan) {
  std::size_t widest = 0;
  for (const std::string& name : names_of(&poe_kit_check::name)) widest = std::max(widest, name.size());
  for (std::size_t i = 0; i < poe_kit_count(); ++i) {
    const poe_kit_check* c = poe_kit_at(i);
    if (!poe_kit_chosen(&plan, c)) continue;
    const std::string name = c->name;
    std::cout << name << std::string(widest + 2 - name.size(), ' ') << c->rule << " (" << c->contract << ")\n";
  }
  return kDone;
}

std::optional<CheckedPlugin> open_file(const std::string& path) {
  std::array<char, 1024> why{};
  const poe_loop_plugin* plugin = poe_kit_open_plugin(path.c_str(), why.data(), why.size());
  if (plugin) return CheckedPlugin{plugin, path, std::nullopt};
  std::cerr << "poe: cannot open " << path << " as a loop plug-in\n  found: " << why.data()
            << "\n  do:    name a shared object that exports poe_loop_entry, or a loop that poe loops lists\n";
  return std::nullopt;
}

std::optional<CheckedPlugin> open_name(const std::string& typed, const std::vector<std::string>& typed_dirs) {
  std::vector<std::string> dirs;
  for (const std::string& dir : typed_dirs) dirs.push_back(std::filesystem::absolute(dir).string());
  LoopRegistry registry(dirs);
  const auto name = loop_name(typed);
  const auto plugin = name ? registry.load(*name) : tl::unexpected(name.error());
  if (!plugin) {
    std::cerr << plugin.error().report() << '\n';
    return std::nullopt;
  }
  for (const LoopCandidate& c : registry.candidates())
    if (c.name == *name && c.status == LoopStatus::usable) return CheckedPlugin{*plugin, c.path, std::move(registry)};
  std::cerr << "poe: loop \"" << *name << "\" was opened, but its file is not among those found\n"
            << "  do:    name the file instead: poe check FILE.so\n";
  return std::nullopt;
}

std::optional<CheckedPlugin> open_plugin(const CheckOptions& options) {
  const std::string& typed = options.plugin;
  const bool is_file = typed.find('/') != std::string::npos || typed.ends_with(".so");
  return is_file ? open_file(typed) : open_name(typed, options.dirs);
}

int refuse_profile(const poe_loop_plugin& plugin, const poe_kit_profile& profile) {
  std::cerr << "poe: loop \"" << poe_kit_name_of(&plugin) << "\" does not claim the profile " << profile.name
            << ", which asks for " << profile.claimed_by << "\n  found:";
  for (std::size_t i = 0; poe_kit_profile_at(i); ++i)
    if (poe_kit_claims(&plugin, poe_kit_profile_at(i))) std::cerr << ' ' << poe_kit_profile_at(i)->name;
  std::cerr << " (the profiles it claims)\n  do:    choose one of these, or declare the capability\n";
  return kFailed;
}

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

bool save_junit(const std::string& path, const poe_kit_results& results) {
  if (path.empty()) return true;
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "w"));
  if (file && poe_kit_write_junit(file.get(), &results) == 0 && std::fflush(file.get()) == 0) return true;
  std::cerr << "poe: cannot write the JUnit file " << path << ": its folder may be missing, or the disk full\n";
  return false;
}

void print_one(void* coloured, const poe_kit_outcome* outcome) {
  poe_kit_print_outcome(stdout, outcome, coloured ? 1 : 0);
  std::fflush(stdout);
}

bool holds(const CheckOptions& options, const poe_kit_results& results) {
  const bool asked = !options.profile.empty() || !options.group.empty() || !options.check.empty();
  return poe_kit_holds(&results, asked ? 1 : 0) != 0;
}

int run(const CheckOptions& options, poe_kit_plan plan) {
  bool coloured = Terminal(STDOUT_FILENO).coloured();
  plan.done = options.json ? nullptr : print_one;
  plan.arg = coloured ? &coloured : nullptr;
  poe_kit_results results{};
  if (poe_kit_run_plan(&plan, &results) != 0) throw std::bad_alloc();
  const std::unique_ptr<poe_kit_results, void (*)(poe_kit_results*)> kept(&results, poe_kit_release);
  if (options.json)
    poe_kit_write_json(stdout, &results);
  else
    poe_kit_print_summary(stdout, &results, coloured);
  const bool saved = save_junit(options.junit, results);
  if (std::fflush(stdout) != 0 || std::ferror(stdout)) {
    std::cerr << "poe: cannot write standard output: the disk may be full, or the reader is gone\n";
    return kFailed;
  }
  return saved && holds(options, results) ? kDone : kFailed;
}

}  // namespace

std::string check_profiles() {
  std::string text = "Profiles (sets of groups of checks; a plug-in claims them by its capabilities):\n";
  for (std::size_t i = 0; poe_kit_profile_at(i); ++i) {
    const poe_kit_profile* p = poe_kit_profile_at(i);
    text += "  " + std::string(p->name) + std::string(7 - std::string(p->name).size(), ' ') + p->what + ": " +
            p->groups + "\n";
  }
  return text;
}

int check(const CheckOptions& options) {
  if (const int wrong = judge_names(options); wrong != kDone) return wrong;
  poe_kit_target target{};
  target.struct_size = sizeof target;
  poe_kit_plan plan = plan_of(options, target);
  if (options.list) return list(plan);
  if (options.plugin.empty()) {
    std::cerr << "poe: check what? Neither a file nor the name of a loop was given\n  do: poe help check\n";
    return kUsage;
  }
  const auto opened = open_plugin(options);
  if (!opened) return kNoLoop;
  target.plugin = opened->plugin;
  plan.built_in = opened->path.empty() ? 1 : 0;
  if (!poe_kit_claims(target.plugin, plan.profile)) return refuse_profile(*target.plugin, *plan.profile);
  if (!find_host(options.host, *opened, target)) return kUsage;
  return run(options, plan);
}

}  // namespace poe::tool
