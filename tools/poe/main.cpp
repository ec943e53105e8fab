// SPDX-License-Identifier: MIT
//
// The poe command line. A sub-command is a header with its options and one function, a .cpp, and an add_…() here;
// this is the only file that includes CLI11.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "check.hpp"
#include "exit_codes.hpp"
#include "loops.hpp"
#include "new_loop.hpp"
#include "poe/loop_abi.h"
#include "poe/open.hpp"
#include "tour.hpp"
#include "unknown.hpp"

namespace {

using poe::tool::kDone;
using poe::tool::kFailed;
using poe::tool::kUsage;
using poe::tool::unknown;

/// What the chosen sub-command returns as the program's exit code.
using ExitCode = std::shared_ptr<int>;

void add_loops(CLI::App& app, const ExitCode& code) {
  CLI::App* command = app.add_subcommand("loops", "List the event loops found, with library, licence and abilities");
  const auto options = std::make_shared<poe::tool::LoopsOptions>();
  auto* json = command->add_flag("--json", options->json, "Print a list of objects instead of a table");
  auto* explain =
      command->add_flag("--explain", options->explain, "Tell which loop a program would get here, and why no other");
  explain->excludes(json);
  command->add_option("--loop", options->loop, "With --explain: as if a program asked for this loop")
      ->needs(explain)
      ->type_name("NAME");
  command->add_option("--dir", options->dirs, "Look here first; may be given more than once")
      ->type_name("FOLDER")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      ->add_option("--allow", options->allow, "As if a program allowed only the plug-ins in this list of sha256sum's")
      ->type_name("FILE");
  command->footer(poe::tool::loops_help() + poe::tool::kExitCodes);
  command->callback([options, code] { *code = poe::tool::loops(*options); });
}

void add_tour(CLI::App& app, const ExitCode& code) {
  CLI::App* command = app.add_subcommand("tour", "Run the same sessions on every loop found, and check what they do");
  const auto options = std::make_shared<poe::tool::TourOptions>();
  command->add_option("loops", options->loops, "Only these loops")->type_name("LOOP");
  command->add_option("--file", options->file, "The text each client sends; default: a licence text of the system")
      ->type_name("FILE");
  command->add_option("--clients", options->clients, "Clients at once")
      ->check(CLI::Range(1, 10000))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--limit", options->limit_seconds, "Seconds one loop may take")
      ->check(CLI::Range(1, 86400))
      ->type_name("S")
      ->capture_default_str();
  command->add_option("--dir", options->dirs, "Look for plug-ins here first; may be given more than once")
      ->type_name("FOLDER")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->footer("Counting sessions, a TCP server that numbers lines, timers, a signal and a child, on each loop.\n" +
                  std::string(poe::tool::kExitCodes));
  command->callback([options, code] { *code = poe::tool::tour(*options); });
}

void add_check(CLI::App& app, const ExitCode& code) {
  CLI::App* command = app.add_subcommand("check", "Check a loop plug-in against the contract, rule by rule");
  const auto options = std::make_shared<poe::tool::CheckOptions>();
  command->add_option("plugin", options->plugin, "Its file, or the name of a loop that poe loops lists")
      ->type_name("FILE.so|NAME");
  command->add_option("--profile", options->profile, "core, guest, embed, gui or full; default: full")
      ->type_name("NAME");
  command->add_option("--group", options->group, "Only this group of checks")->type_name("NAME");
  command->add_option("--check", options->check, "Only this check")->type_name("NAME");
  command
      ->add_option("--host", options->host, "Adapter to a host program; default: libpoe_kit_host_<loop>.so beside it")
      ->type_name("FILE");
  command->add_option("--timeout", options->timeout_seconds, "Seconds one check may take")
      ->check(CLI::Range(0.001, 86400.0))
      ->type_name("S")
      ->capture_default_str();
  command->add_option("--junit", options->junit, "Write the outcome as JUnit XML, too")->type_name("FILE");
  command->add_option("--dir", options->dirs, "Look for a NAME here first; may be given more than once")
      ->type_name("FOLDER")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_flag("--json", options->json, "Print one object instead of a table");
  command->add_flag("--list", options->list, "Print the checks that would run, with their rules");
  command->footer(poe::tool::check_profiles() + poe::tool::kExitCodes);
  command->callback([options, code] { *code = poe::tool::check(*options); });
}

void add_new(CLI::App& app, const ExitCode& code) {
  CLI::App* command = app.add_subcommand("new", "Write the project of a loop plug-in: poe new loop NAME");
  const auto options = std::make_shared<poe::tool::NewOptions>();
  command->add_option("kind", options->kind, "What to make: loop")->required()->type_name("");
  command->add_option("name", options->name, "The loop's name, as programs will ask for it")->required()->type_name("");
  command->add_option("--dir", options->dir, "The folder to make; default: one of that name here")->type_name("FOLDER");
  command->footer(poe::tool::kExitCodes);
  command->callback([options, code] { *code = poe::tool::new_project(*options); });
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

void add_help(CLI::App& app, const ExitCode& code) {
  CLI::App* command = app.add_subcommand("help", "Explain poe, or one of its commands");
  const auto about = std::make_shared<std::string>();
  command->add_option("command", *about, "The command to explain")->type_name("");
  command->callback([&app, about, code] {
    const auto commands = app.get_subcommands([&](CLI::App* c) { return c->get_name() == *about; });
    CLI::App* named = about->empty() ? &app : commands.empty() ? nullptr : commands.front();
    if (named == &app)  // app.help() would be about this very command
      std::cout << app.get_formatter()->make_help(&app, "", CLI::AppFormatMode::Normal);
    else if (named)
      std::cout << named->help("poe");
    else
      *code = unknown("command", *about, command_names(app), "poe help lists the commands");
  });
}

/// The sub-command that was being read when parsing failed, or the program itself.
const CLI::App& reached(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app : *parsed.front();
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

/// A wrong command line: what was wrong, a guess what was meant, and where help is.
int explain_usage(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& at = reached(app);
  const std::string help = &at == &app ? "poe help" : "poe help " + at.get_name();
  const auto left = app.remaining(true);
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) && !left.empty()) {
    const std::string typed = left.front().substr(0, left.front().find('='));
    if (typed.starts_with('-')) return unknown("option", typed, option_names(at), help + " lists the options");
    if (&at == &app) return unknown("command", typed, command_names(app), "poe help lists the commands");
  }
  std::cerr << "poe: " << error.what() << "\n  do: " << help << " tells how to use it\n";
  return kUsage;
}

std::string version_text() {
  return "poe " POE_VERSION " (Loop ABI " + std::to_string(POE_LOOP_ABI_MAJOR) + "." +
         std::to_string(POE_LOOP_ABI_MINOR) + ")";
}

int run(int argc, char** argv) {
  CLI::App app("POE for C++: sessions, wheels and filters over any event loop", "poe");
  const auto code = std::make_shared<int>(kDone);
  app.set_version_flag("--version", version_text(), "Print the version");
  app.require_subcommand(0, 1);
  app.footer(poe::tool::kExitCodes);
  add_loops(app, code);
  add_tour(app, code);
  add_check(app, code);
  add_new(app, code);
  add_help(app, code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {  // --help and --version
    return app.exit(wanted);
  } catch (const CLI::ParseError& error) {
    return explain_usage(app, error);
  }
  if (!app.get_subcommands().empty()) return *code;
  std::cerr << app.help();
  return kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  const bool unread = poe::fill_standard_descriptors()[1];  // started without a standard output
  try {
    const int code = run(argc, argv);
    std::cout.flush();
    if (std::cout && !(unread && code == kDone)) return code;
    std::cerr << "poe: cannot write standard output: the disk may be full, or the reader is gone\n";
  } catch (const std::exception& problem) {
    std::cerr << "poe: " << problem.what() << '\n';
  }
  return kFailed;
}
